#include "oracle_number.h"

#include <stddef.h>
#include <string.h>

vn__wide_t vn__oracle_wide_sum(vn__wide_t a, vn__wide_t b) {
  vn__wide_t sum = {a.high + b.high, a.low + b.low};
  sum.high += sum.low < b.low;
  return sum;
}

vn__wide_t vn__oracle_wide_difference(vn__wide_t a, vn__wide_t b) {
  return (vn__wide_t){a.high - b.high - (a.low < b.low), a.low - b.low};
}

bool vn__oracle_wide_less(vn__wide_t a, vn__wide_t b) {
  return a.high != b.high ? a.high < b.high : a.low < b.low;
}

/* By halves, as on paper. */
vn__wide_t vn__oracle_wide_product(uint64_t a, uint64_t b) {
  const uint64_t half = UINT32_MAX;
  vn__wide_t product = {(a >> 32) * (b >> 32), (a & half) * (b & half)};
  uint64_t cross[2] = {(a >> 32) * (b & half), (a & half) * (b >> 32)};
  for (size_t i = 0; i < 2; i++) {
    product = vn__oracle_wide_sum(product, (vn__wide_t){cross[i] >> 32, cross[i] << 32});
  }
  return product;
}

vn__wide_t vn__oracle_wide_times(vn__wide_t a, uint64_t b) {
  vn__wide_t product = vn__oracle_wide_product(a.low, b);
  product.high += a.high * b;
  return product;
}

static vn__wide_t twice(vn__wide_t a) { return vn__oracle_wide_sum(a, a); }

/*
 * Division as on paper, in base two: p and q are brought to q <= p < 2q, each step gives one digit.
 * 54 digits, one more than a double has, and whether anything is left, decide how to round.
 */
static double by_digits(vn__wide_t p, vn__wide_t q) {
  const uint64_t all_digits = UINT64_C(1) << 53;
  int power = 0;
  for (; vn__oracle_wide_less(p, q); power--) {
    p = twice(p);
  }
  for (; !vn__oracle_wide_less(p, twice(q)); power++) {
    q = twice(q);
  }
  uint64_t digits = 0;
  while (digits < all_digits) {
    bool one = !vn__oracle_wide_less(p, q);
    digits = digits << 1 | one;
    p = twice(one ? vn__oracle_wide_difference(p, q) : p);
  }
  bool rest = (p.high | p.low) != 0;
  uint64_t rounded = (digits >> 1) + ((digits & 1) != 0 && (rest || (digits & 2) != 0));
  double value = (double)rounded;
  for (power -= 52; power > 0; power--) {
    value *= 2;
  }
  for (; power < 0; power++) {
    value /= 2;
  }
  return value;
}

double vn__oracle_nearest(vn__wide_t p, vn__wide_t q) {
  uint64_t most = p.low | q.low;
  if ((p.high | p.low) == 0) {
    return 0;
  }
  if ((p.high | q.high) == 0 && most >> 53 == 0) { /* doubles hold both: a division rounds once */
    return (double)p.low / (double)q.low;
  }
  return by_digits(p, q);
}

uint64_t vn__oracle_split_mix(uint64_t x) {
  x += UINT64_C(0x9E3779B97F4A7C15);
  x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
  return x ^ (x >> 31);
}

uint32_t vn__oracle_priority(uint64_t seed, int64_t time_ms, int32_t value) {
  uint64_t of_time = vn__oracle_split_mix((uint64_t)time_ms);
  uint64_t of_value = vn__oracle_split_mix(vn__oracle_split_mix((uint64_t)(int64_t)value));
  return (uint32_t)(vn__oracle_split_mix(seed ^ of_time ^ of_value) >> 32);
}

static uint32_t rotate(uint32_t x, unsigned bits) { return x << bits | x >> (32 - bits); }

/* The next up to four bytes of a text, little-endian. */
static uint32_t word_at(const char *text, size_t bytes) {
  uint32_t word = 0;
  for (size_t i = 0; i < bytes; i++) {
    word |= (uint32_t)(unsigned char)text[i] << (8 * i);
  }
  return rotate(word * 0xCC9E2D51u, 15) * 0x1B873593u;
}

uint32_t vn__oracle_murmur(const char *text) {
  size_t length = strlen(text);
  uint32_t hash = 0;
  size_t place = 0;
  for (; place + 4 <= length; place += 4) {
    hash = rotate(hash ^ word_at(text + place, 4), 13) * 5 + 0xE6546B64u;
  }
  hash ^= word_at(text + place, length - place);
  hash ^= (uint32_t)length;
  hash = (hash ^ hash >> 16) * 0x85EBCA6Bu;
  hash = (hash ^ hash >> 13) * 0xC2B2AE35u;
  return hash ^ hash >> 16;
}

uint64_t vn__oracle_ten_to(unsigned exponent) {
  uint64_t power = 1;
  while (exponent-- > 0) {
    power *= 10;
  }
  return power;
}

int64_t vn__oracle_floor_div(int64_t dividend, int64_t divisor) {
  return dividend / divisor - (dividend % divisor < 0);
}
