/* The state of a composite as bytes. */
#include "deviation_priv.h"

#include <string.h>

#define U64_FIELDS (10u + VN_COMPOSITE_SLOTS)
#define U32_FIELDS 5u
#define COUNT_MAX 2u /* of a conformal histogram, below 2^14 */

VN_STATIC_ASSERT(VN_COMPOSITE_SAVE_MAX ==
                     U64_FIELDS * VN__PACK_U64_MAX + U32_FIELDS * VN__PACK_U32_MAX +
                         VN_COMPOSITE_PARTS * VN_CONFORMAL_BINS * COUNT_MAX + VN_COMPOSITE_SLOTS +
                         sizeof(((vn_composite_t *)0)->grams) +
                         VN_COMPOSITE_DELAY * VN_COMPOSITE_PARTS + 2u,
                 "the bound names every packed field");

static void pack_baseline(vn__packer_t *packer, const vn_baseline_t *baseline) {
  vn__pack_signed(packer, baseline->mean);
  vn__pack_unsigned(packer, baseline->size);
}

void vn__composite_pack(vn__packer_t *packer, const vn_composite_t *composite) {
  VN_ASSERT(composite != NULL);
  pack_baseline(packer, &composite->slow);
  pack_baseline(packer, &composite->fast);
  vn__pack_signed(packer, composite->near);
  vn__pack_unsigned(packer, composite->noise);
  vn__pack_unsigned(packer, composite->step_size);
  vn__pack_unsigned(packer, composite->season_size);
  vn__pack_signed(packer, composite->visit);
  vn__pack_signed(packer, composite->visit_sum);
  vn__pack_unsigned(packer, composite->visit_readings);
  vn__pack_unsigned(packer, composite->season_readings);
  vn__pack_unsigned(packer, composite->readings);
  vn__pack_signed(packer, composite->last);
  vn__pack_unsigned(packer, composite->surprise);
  for (size_t i = 0; i < VN_COMPOSITE_SLOTS; i++) {
    vn__pack_signed(packer, composite->season[i]);
    vn__pack_unsigned(packer, composite->season_days[i]);
  }
  for (size_t i = 0; i < VN_COMPOSITE_PARTS; i++) {
    for (size_t bin = 0; bin < VN_CONFORMAL_BINS; bin++) {
      vn__pack_unsigned(packer, composite->parts[i].counts[bin]);
    }
  }
  vn__pack_bytes(packer, composite->grams, sizeof composite->grams);
  vn__pack_bytes(packer, composite->recent, sizeof composite->recent);
  vn__pack_bytes(packer, composite->symbols, sizeof composite->symbols);
}

static int64_t unpack_level(vn__unpacker_t *unpacker) {
  int64_t level = vn__unpack_signed(unpacker);
  unpacker->failed = unpacker->failed || !vn__is_level(level);
  return level;
}

static uint32_t unpack_count(vn__unpacker_t *unpacker) {
  return (uint32_t)vn__unpack_unsigned(unpacker, UINT32_MAX);
}

static void unpack_visit(vn__unpacker_t *unpacker, vn_composite_t *composite) {
  composite->visit = vn__unpack_signed(unpacker);
  composite->visit_sum = vn__unpack_signed(unpacker);
  composite->visit_readings = unpack_count(unpacker);
  uint64_t highest = (uint64_t)composite->visit_readings << 31;
  unpacker->failed = unpacker->failed || vn__magnitude(composite->visit_sum) > highest;
}

static void unpack_conformal(vn__unpacker_t *unpacker, vn_conformal_t *conformal) {
  uint32_t total = 0;
  for (size_t bin = 0; bin < VN_CONFORMAL_BINS; bin++) {
    uint64_t count = vn__unpack_unsigned(unpacker, VN__CONFORMAL_TOTAL_HIGHEST);
    conformal->counts[bin] = (uint16_t)count;
    total += (uint32_t)count;
  }
  conformal->total = (uint16_t)total;
  unpacker->failed = unpacker->failed || total > VN__CONFORMAL_TOTAL_HIGHEST;
}

static void unpack_recent(vn__unpacker_t *unpacker, vn_composite_t *composite) {
  vn__unpack_bytes(unpacker, composite->recent, sizeof composite->recent);
  for (size_t i = 0; i < VN_COMPOSITE_DELAY; i++) {
    for (size_t part = 0; part < VN_COMPOSITE_PARTS; part++) {
      uint8_t bin = composite->recent[i][part];
      unpacker->failed = unpacker->failed || (bin >= VN_CONFORMAL_BINS && bin != VN__NO_BIN);
    }
  }
}

void vn__composite_unpack(vn__unpacker_t *unpacker, vn_composite_t *composite) {
  VN_ASSERT(composite != NULL);
  memset(composite, 0, sizeof *composite);
  composite->slow.mean = unpack_level(unpacker);
  composite->slow.size = vn__unpack_unsigned(unpacker, VN__SIZE_LIMIT);
  composite->fast.mean = unpack_level(unpacker);
  composite->fast.size = vn__unpack_unsigned(unpacker, VN__SIZE_LIMIT);
  composite->near = unpack_level(unpacker);
  composite->noise = vn__unpack_unsigned(unpacker, VN__SIZE_LIMIT);
  composite->step_size = vn__unpack_unsigned(unpacker, VN__SIZE_LIMIT);
  composite->season_size = vn__unpack_unsigned(unpacker, VN__SIZE_LIMIT);
  unpack_visit(unpacker, composite);
  composite->season_readings = unpack_count(unpacker);
  composite->readings = unpack_count(unpacker);
  composite->last = vn__unpack_i32(unpacker);
  composite->surprise = (uint32_t)vn__unpack_unsigned(unpacker, VN__SURPRISE_HIGHEST);
  for (size_t i = 0; i < VN_COMPOSITE_SLOTS; i++) {
    composite->season[i] = unpack_level(unpacker);
    composite->season_days[i] = (uint8_t)vn__unpack_unsigned(unpacker, UINT8_MAX);
  }
  for (size_t i = 0; i < VN_COMPOSITE_PARTS; i++) {
    unpack_conformal(unpacker, &composite->parts[i]);
  }
  vn__unpack_bytes(unpacker, composite->grams, sizeof composite->grams);
  for (size_t i = 0; i < sizeof composite->grams; i++) {
    composite->gram_total += composite->grams[i];
  }
  unpack_recent(unpacker, composite);
  vn__unpack_bytes(unpacker, composite->symbols, sizeof composite->symbols);
  unpacker->failed = unpacker->failed || composite->symbols[0] >= VN_COMPOSITE_SYMBOLS ||
                     composite->symbols[1] >= VN_COMPOSITE_SYMBOLS;
}

size_t vn_composite_save(const vn_composite_t *composite, uint8_t *out, size_t capacity) {
  vn__packer_t packer = {out, capacity, 0};
  vn__composite_pack(&packer, composite);
  return packer.length;
}

vn_err_t vn_composite_load(vn_composite_t *composite, const uint8_t *bytes, size_t length) {
  VN_ASSERT(bytes != NULL || length == 0);
  vn__unpacker_t unpacker = {bytes, length, 0, false};
  vn__composite_unpack(&unpacker, composite);
  if (unpacker.failed || unpacker.position != length) {
    memset(composite, 0, sizeof *composite);
    return VN_ERR_FORMAT;
  }
  return VN_OK;
}
