/* Assertions for programmers' errors; they stay on in release builds. */
#ifndef VN_ASSERT_H
#define VN_ASSERT_H

/*
 * Called when an assertion fails; must not return. The core's own version traps. A program that
 * wants to say something first defines this function itself: the linker then never takes the
 * library's member.
 */
_Noreturn void vn_assert_failed(const char *file, int line);

#define VN_ASSERT(condition) ((condition) ? (void)0 : vn_assert_failed(__FILE__, __LINE__))
#define VN_STATIC_ASSERT(condition, text) _Static_assert(condition, text)

#if defined(__GNUC__)
#define VN_NODISCARD __attribute__((warn_unused_result))
#else
#define VN_NODISCARD
#endif

#endif
