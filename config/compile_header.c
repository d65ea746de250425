/* The header of a plan in C: its declaration, and how much of everything its store needs. */
#include "compile_priv.h"
#include "vn/store.h"

#include <ctype.h>
#include <string.h>

bool vn_compile_name_is_good(const char *name) {
  size_t length = strlen(name);
  bool good = length > 0 && length <= VN_COMPILE_NAME_MAX && islower((unsigned char)name[0]) != 0;
  for (size_t i = 0; good && i < length; i++) {
    unsigned char byte = (unsigned char)name[i];
    good = islower(byte) != 0 || isdigit(byte) != 0 || byte == '_';
  }
  return good;
}

static void print_guard(const vn_compile_t *compile, const char *before, FILE *out) {
  (void)fputs(before, out);
  for (const char *at = compile->name; *at != '\0'; at++) {
    (void)fputc(toupper((unsigned char)*at), out);
  }
  (void)fputs("_PLAN_H\n", out);
}

#define PRINT_OWN(name, type, member, constant, count) \
  (void)fprintf(out, "  %s_%s = %zu,\n", name, #constant, need.count);
#define PRINT_BYTES(name, member, constant, count) \
  (void)fprintf(out, "  %s_%s = %zu,\n", name, #constant, need.count);
#define PRINT_NOTHING(name, type, member, constant)

#define ADD_OWN(name, type, member, constant, count) \
  largest = need.count > largest ? need.count : largest;
#define ADD_BYTES(name, member, constant, count) \
  largest = need.count > largest ? need.count : largest;

bool vn_compile_fits(const vn_plan_t *plan) {
  size_t largest = 0;
  vn_store_t need;
  vn_err_t counted = vn_store_need(plan, &need);
  VN_ASSERT(counted == VN_OK);
  VN_STORE_LIST(ADD_OWN, PRINT_NOTHING, ADD_BYTES, need)
  return largest <= INT32_MAX;
}

void vn_compile_header(const vn_compile_t *compile, FILE *out) {
  VN_ASSERT(vn_compile_name_is_good(compile->name));
  vn_store_t need;
  vn_err_t counted = vn_store_need(compile->plan, &need);
  VN_ASSERT(counted == VN_OK);
  (void)fprintf(out, "/* Made by vnotch compile from %s; don't edit. */\n", compile->origin);
  print_guard(compile, "#ifndef ", out);
  print_guard(compile, "#define ", out);
  (void)fprintf(out,
                "\n#include \"vn/vn.h\"\n\n"
                "VN_STATIC_ASSERT(VN_PLAN_VERSION == %uu,\n"
                "                 \"made by another version: run vnotch compile again\");\n\n"
                "extern const vn_plan_t %s_plan;\n\n"
                "/* What VN_STORE_DEFINE(%s) and VN_RAM_BYTES(%s) take. */\nenum {\n",
                VN_PLAN_VERSION, compile->name, compile->name, compile->name);
  VN_STORE_LIST(PRINT_OWN, PRINT_NOTHING, PRINT_BYTES, compile->name)
  (void)fputs("};\n\n#endif\n", out);
}
