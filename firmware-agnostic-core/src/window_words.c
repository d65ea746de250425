#include "vn/assert.h"
#include "vn/window.h"

const char *vn_statistic_word(vn_statistic_t statistic) {
#define STATISTIC_WORD(name, word) word,
  static const char *const words[] = {VN_STATISTIC_LIST(STATISTIC_WORD)};
#undef STATISTIC_WORD
  VN_ASSERT((unsigned)statistic < VN_STATISTIC_COUNT_OF);
  return words[statistic];
}

uint8_t vn_statistics_ordered_kinds(uint32_t statistics) {
  return (
      uint8_t)(((statistics & VN_STATISTICS_TIME_WEIGHTED) != 0 ? VN_ORDERED_TIME_WEIGHTED : 0) |
               ((statistics & VN_STATISTICS_COUNTER) != 0 ? VN_ORDERED_COUNTER : 0) |
               ((statistics & VN_STATISTICS_EXPONENTIAL) != 0 ? VN_ORDERED_EXPONENTIAL : 0));
}

const char *vn_kind_word(vn_kind_t kind) {
  static const char *const words[VN_KINDS] = {
      [VN_KIND_ON_TIME] = "on_time", [VN_KIND_LATE] = "late",     [VN_KIND_IDLE] = "idle",
      [VN_KIND_EARLY] = "early",     [VN_KIND_FORCED] = "forced", [VN_KIND_PARTIAL] = "partial",
      [VN_KIND_COUNT] = "count"};
  VN_ASSERT((unsigned)kind < VN_KINDS);
  return words[kind];
}
