#include "vn/ring.h"

#include <stdbool.h>
#include <string.h>

/*
 * A record is 8 bytes of header (its length, 4 unused) and its bytes, rounded up to 8. One that
 * doesn't fit before the end of the array starts at its beginning; a header with SKIP marks the
 * rest.
 */
#define HEADER_BYTES 8u
#define SKIP UINT32_MAX

static uint32_t bytes_for(uint32_t length) { return HEADER_BYTES + ((length + 7u) & ~UINT32_C(7)); }

static uint32_t offset_of(const vn_ring_t *ring, uint32_t index) {
  return index & (ring->capacity - 1u);
}

/* Bytes to leave out at the end of the array so that `size` bytes are contiguous. */
static uint32_t skip_before(const vn_ring_t *ring, uint32_t index, uint32_t size) {
  uint32_t to_end = ring->capacity - offset_of(ring, index);
  return to_end < size ? to_end : 0;
}

vn_err_t vn_ring_init(vn_ring_t *ring, uint8_t *bytes, uint32_t capacity, uint32_t records_max) {
  VN_ASSERT(ring != NULL && bytes != NULL && (uintptr_t)bytes % 8u == 0);
  if (capacity < 64u || (capacity & (capacity - 1u)) != 0 || records_max == 0) {
    return VN_ERR_ARGUMENT;
  }
  ring->bytes = bytes;
  ring->capacity = capacity;
  ring->records_max = records_max;
  atomic_init(&ring->head, 0);
  atomic_init(&ring->tail, 0);
  atomic_init(&ring->pushed, 0);
  atomic_init(&ring->popped, 0);
  return VN_OK;
}

uint8_t *vn_ring_claim(vn_ring_t *ring, uint32_t length) {
  if (length > ring->capacity / 2u - HEADER_BYTES) {
    return NULL;
  }
  uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
  uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
  uint32_t pushed = atomic_load_explicit(&ring->pushed, memory_order_relaxed);
  uint32_t popped = atomic_load_explicit(&ring->popped, memory_order_acquire);
  uint32_t skip = skip_before(ring, head, bytes_for(length));
  uint32_t free_bytes = ring->capacity - (head - tail);
  VN_ASSERT(head - tail <= ring->capacity);
  if (skip + bytes_for(length) > free_bytes || pushed - popped >= ring->records_max) {
    return NULL;
  }
  if (skip > 0) {
    const uint32_t mark = SKIP;
    memcpy(ring->bytes + offset_of(ring, head), &mark, sizeof mark);
  }
  uint8_t *record = ring->bytes + offset_of(ring, head + skip);
  memcpy(record, &length, sizeof length);
  return record + HEADER_BYTES;
}

void vn_ring_commit(vn_ring_t *ring, uint32_t length) {
  uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
  uint32_t pushed = atomic_load_explicit(&ring->pushed, memory_order_relaxed);
  uint32_t skip = skip_before(ring, head, bytes_for(length));
  uint32_t claimed;
  memcpy(&claimed, ring->bytes + offset_of(ring, head + skip), sizeof claimed);
  VN_ASSERT(claimed == length);
  /* Counted before it can be taken: popped never runs ahead of pushed. */
  atomic_store_explicit(&ring->pushed, pushed + 1u, memory_order_relaxed);
  atomic_store_explicit(&ring->head, head + skip + bytes_for(length), memory_order_release);
}

const uint8_t *vn_ring_peek(vn_ring_t *ring, uint32_t *length) {
  uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
  uint32_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
  if (head == tail) {
    return NULL;
  }
  uint32_t found;
  memcpy(&found, ring->bytes + offset_of(ring, tail), sizeof found);
  if (found == SKIP) {
    tail += ring->capacity - offset_of(ring, tail);
    VN_ASSERT(head != tail);
    memcpy(&found, ring->bytes + offset_of(ring, tail), sizeof found);
    atomic_store_explicit(&ring->tail, tail, memory_order_release);
  }
  VN_ASSERT(found <= ring->capacity / 2u - HEADER_BYTES);
  *length = found;
  return ring->bytes + offset_of(ring, tail) + HEADER_BYTES;
}

const uint8_t *vn_ring_look(vn_ring_t *ring, uint32_t *at, uint32_t *length) {
  uint32_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
  if (head == *at) {
    return NULL;
  }
  uint32_t found;
  memcpy(&found, ring->bytes + offset_of(ring, *at), sizeof found);
  if (found == SKIP) {
    *at += ring->capacity - offset_of(ring, *at);
    VN_ASSERT(head != *at);
    memcpy(&found, ring->bytes + offset_of(ring, *at), sizeof found);
  }
  VN_ASSERT(found <= ring->capacity / 2u - HEADER_BYTES);
  const uint8_t *record = ring->bytes + offset_of(ring, *at) + HEADER_BYTES;
  *at += bytes_for(found);
  *length = found;
  return record;
}

void vn_ring_release(vn_ring_t *ring) {
  uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
  uint32_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
  uint32_t popped = atomic_load_explicit(&ring->popped, memory_order_relaxed);
  VN_ASSERT(head != tail);
  uint32_t length;
  memcpy(&length, ring->bytes + offset_of(ring, tail), sizeof length);
  VN_ASSERT(length != SKIP);
  atomic_store_explicit(&ring->popped, popped + 1u, memory_order_release);
  atomic_store_explicit(&ring->tail, tail + bytes_for(length), memory_order_release);
}

uint32_t vn_ring_count(const vn_ring_t *ring) {
  /* In this order: pushed is at least what popped was. */
  uint32_t popped = atomic_load_explicit(&ring->popped, memory_order_acquire);
  uint32_t pushed = atomic_load_explicit(&ring->pushed, memory_order_relaxed);
  return pushed - popped;
}
