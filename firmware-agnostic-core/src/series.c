#include "vn/series.h"

#include "vn/hash.h"

#include <stdbool.h>
#include <string.h>

/*
 * Within a run of full buckets the series stand in the order of their home buckets ("Robin Hood").
 * How far each bucket is from home then depends on the set of names alone, not on the order in
 * which they came: a set that fitted once fits again when a checkpoint puts it back in another
 * order.
 */

/* Full 32-bit avalanche of the names is wanted on every device alike: one fixed seed. */
#define HASH_SEED UINT32_C(0x766E6F74)

uint32_t vn_series_buckets_for(uint32_t capacity) {
  VN_ASSERT(capacity <= UINT32_C(1) << 30);
  uint32_t buckets = 2;
  while ((uint64_t)capacity * 10u > (uint64_t)buckets * 7u) {
    buckets *= 2u;
  }
  return buckets;
}

void vn_series_init(vn_series_table_t *table) {
  VN_ASSERT((table->bucket_count & (table->bucket_count - 1u)) == 0);
  VN_ASSERT(table->bucket_count > table->capacity);
  VN_ASSERT(table->name_max >= 1 && table->name_max <= UINT8_MAX);
  memset(table->buckets, 0, (size_t)table->bucket_count * sizeof *table->buckets);
  memset(table->name_lengths, 0, table->capacity);
  table->count = 0;
  table->next_free = 0;
}

uint32_t vn_series_hash(vn_text_t name) {
  return vn_murmur3_32(name.bytes, name.length, HASH_SEED);
}

static uint32_t next_bucket(const vn_series_table_t *table, uint32_t place) {
  return (place + 1u) & (table->bucket_count - 1u);
}

static uint32_t distance_from_home(const vn_series_table_t *table, uint32_t place) {
  return (place - table->buckets[place].hash) & (table->bucket_count - 1u);
}

bool vn_series_has_name(const vn_series_table_t *table, uint32_t number, vn_text_t name) {
  return number < table->capacity && table->name_lengths[number] == name.length &&
         name.length > 0 &&
         memcmp(table->names + (size_t)number * table->name_max, name.bytes, name.length) == 0;
}

uint32_t vn_series_find(const vn_series_table_t *table, vn_text_t name, uint32_t hash) {
  uint32_t mask = table->bucket_count - 1u;
  for (uint32_t probe = 0; probe < VN_SERIES_PROBES_MAX; probe++) {
    const vn_series_bucket_t *bucket = &table->buckets[(hash + probe) & mask];
    if (bucket->number_plus_1 == 0) {
      break;
    }
    if (bucket->hash == hash && vn_series_has_name(table, bucket->number_plus_1 - 1u, name)) {
      return bucket->number_plus_1 - 1u;
    }
  }
  return VN_SERIES_NONE;
}

/*
 * Where a hash belongs: behind all that are at least as far from home. False when that is too far,
 * or when making room would push another too far.
 */
static bool find_place(const vn_series_table_t *table, uint32_t hash, uint32_t *place) {
  uint32_t at = hash & (table->bucket_count - 1u);
  uint32_t distance = 0;
  while (table->buckets[at].number_plus_1 != 0 && distance_from_home(table, at) >= distance) {
    at = next_bucket(table, at);
    distance++;
    if (distance == VN_SERIES_PROBES_MAX) {
      return false;
    }
  }
  *place = at;
  for (; table->buckets[at].number_plus_1 != 0; at = next_bucket(table, at)) {
    if (distance_from_home(table, at) + 1u == VN_SERIES_PROBES_MAX) {
      return false;
    }
  }
  return true;
}

/* Puts a bucket at `place` and moves those from there to the next empty one up by one. */
static void insert_at(vn_series_table_t *table, uint32_t place, vn_series_bucket_t bucket) {
  while (bucket.number_plus_1 != 0) {
    vn_series_bucket_t displaced = table->buckets[place];
    table->buckets[place] = bucket;
    bucket = displaced;
    place = next_bucket(table, place);
  }
}

static vn_err_t store(vn_series_table_t *table, vn_text_t name, uint32_t hash, uint32_t number) {
  VN_ASSERT(name.length > 0 && number < table->capacity);
  if (name.length > table->name_max) {
    return VN_ERR_TOO_BIG;
  }
  uint32_t place;
  if (!find_place(table, hash, &place)) {
    return VN_ERR_FULL;
  }
  insert_at(table, place, (vn_series_bucket_t){hash, number + 1u});
  memcpy(table->names + (size_t)number * table->name_max, name.bytes, name.length);
  table->name_lengths[number] = (uint8_t)name.length;
  table->count++;
  return VN_OK;
}

vn_err_t vn_series_add(vn_series_table_t *table, vn_text_t name, uint32_t hash, uint32_t *number) {
  VN_ASSERT(number != NULL);
  if (table->count == table->capacity) {
    return name.length > table->name_max ? VN_ERR_TOO_BIG : VN_ERR_FULL;
  }
  while (table->name_lengths[table->next_free] != 0) {
    table->next_free++;
  }
  vn_err_t error = store(table, name, hash, table->next_free);
  if (error == VN_OK) {
    *number = table->next_free;
    table->next_free++;
  }
  return error;
}

vn_err_t vn_series_put(vn_series_table_t *table, vn_text_t name, uint32_t number) {
  if (number >= table->capacity || table->name_lengths[number] != 0) {
    return VN_ERR_ARGUMENT;
  }
  return store(table, name, vn_series_hash(name), number);
}

void vn_series_remove(vn_series_table_t *table, uint32_t number) {
  VN_ASSERT(number < table->capacity && table->name_lengths[number] != 0);
  uint32_t place = vn_series_hash(vn_series_name(table, number)) & (table->bucket_count - 1u);
  uint32_t probes = 0;
  for (; table->buckets[place].number_plus_1 != number + 1u; place = next_bucket(table, place)) {
    probes++;
    VN_ASSERT(probes < VN_SERIES_PROBES_MAX);
  }
  uint32_t next = next_bucket(table, place);
  while (table->buckets[next].number_plus_1 != 0 && distance_from_home(table, next) > 0) {
    table->buckets[place] = table->buckets[next];
    place = next;
    next = next_bucket(table, next);
  }
  table->buckets[place] = (vn_series_bucket_t){0, 0};
  table->name_lengths[number] = 0;
  table->count--;
  table->next_free = number < table->next_free ? number : table->next_free;
}
