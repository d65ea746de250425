/* Messages by topic, and their numbers: none twice with other bytes, none missing. */
#include "oracle_priv.h"

#include <inttypes.h>
#include <string.h>

/* Words of eight bytes, the last one filled up with zeros: their number is in the hash before. */
static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t length) {
  const uint64_t factor = UINT64_C(0x9E3779B97F4A7C15);
  const unsigned char *from = bytes;
  uint64_t word;
  hash = (hash ^ length) * factor;
  for (; length >= sizeof word; length -= sizeof word) {
    memcpy(&word, from, sizeof word);
    hash = (hash ^ word) * factor;
    hash ^= hash >> 32;
    from += sizeof word;
  }
  word = 0;
  memcpy(&word, from, length);
  hash = (hash ^ word) * factor;
  return hash ^ hash >> 32;
}

uint64_t vn__oracle_hash_message(const char *topic, const void *payload, size_t length) {
  return hash_bytes(hash_bytes(0, topic, strlen(topic)), payload, length);
}

void vn__oracle_check_numbers(vn_oracle_t *oracle, uint64_t end) {
  for (; oracle->numbers_checked < end; oracle->numbers_checked++) {
    uint64_t seq = oracle->numbers_checked;
    const vn__numbered_t *number = &oracle->numbers[seq % VN__NUMBERS_KEPT];
    if (!number->there && vn__oracle_is_gap(oracle, seq) && oracle->unaccounted.messages > 0) {
      oracle->unaccounted.messages--;
    } else if (!number->there) {
      vn__oracle_differ(oracle, "message seq %" PRIu64 " never came, and nothing accounts for it",
                        seq);
    } else if (number->boot < oracle->boot_checked) {
      vn__oracle_differ(
          oracle, "message seq %" PRIu64 " is of boot %" PRIu32 ", the one before of %" PRIu32, seq,
          number->boot, oracle->boot_checked);
    } else {
      oracle->boot_checked = number->boot;
    }
  }
}

/* Makes room for a new greatest number; what falls out must have been there. */
static void reach(vn_oracle_t *oracle, uint64_t seq) {
  if (seq - oracle->numbers_end >= VN__NUMBERS_KEPT) {
    vn__oracle_differ(oracle, "message seq %" PRIu64 " follows seq %" PRIu64, seq,
                      oracle->numbers_end);
    return;
  }
  for (; oracle->numbers_end <= seq; oracle->numbers_end++) {
    if (oracle->numbers_end >= VN__NUMBERS_KEPT) {
      vn__oracle_check_numbers(oracle, oracle->numbers_end - VN__NUMBERS_KEPT + 1);
    }
    oracle->numbers[oracle->numbers_end % VN__NUMBERS_KEPT] = (vn__numbered_t){0, 0, false};
  }
}

vn__news_t vn__oracle_identify(vn_oracle_t *oracle, const vn__identity_t *identity) {
  uint64_t seq = identity->seq;
  if (seq >= oracle->numbers_end) {
    reach(oracle, seq);
  }
  if (oracle->wrong) {
    return VN__WRONG;
  }
  if (oracle->numbers_end - seq > VN__NUMBERS_KEPT) {
    vn__oracle_differ(oracle, "message seq %" PRIu64 " came when seq %" PRIu64 " had come", seq,
                      oracle->numbers_end - 1);
    return VN__WRONG;
  }
  vn__numbered_t *number = &oracle->numbers[seq % VN__NUMBERS_KEPT];
  if (!number->there) {
    *number = (vn__numbered_t){identity->hash, (uint32_t)identity->boot, true};
    return VN__NEW;
  }
  if (number->hash != identity->hash) {
    vn__oracle_differ(oracle,
                      "message seq %" PRIu64 " came twice with other bytes, of boots %" PRIu32
                      " and %" PRIu64,
                      seq, number->boot, identity->boot);
    return VN__WRONG;
  }
  oracle->figures.repeats++;
  return VN__REPEAT;
}

size_t vn__oracle_take_head(const vn_oracle_t *oracle, vn__cbor_t *cbor, vn__identity_t *identity) {
  size_t pairs = vn__oracle_cbor_map(cbor);
  bool good = pairs > 4 && vn__oracle_cbor_unsigned(cbor) == 0 &&
              vn__oracle_cbor_unsigned(cbor) == 1 && vn__oracle_cbor_unsigned(cbor) == 1 &&
              vn__oracle_text_is(vn__oracle_cbor_text(cbor), oracle->device) &&
              vn__oracle_cbor_unsigned(cbor) == 2;
  identity->boot = vn__oracle_cbor_unsigned(cbor);
  good = good && vn__oracle_cbor_unsigned(cbor) == 3;
  identity->seq = vn__oracle_cbor_unsigned(cbor);
  return good && !cbor->bad && identity->boot <= UINT32_MAX ? pairs - 4 : 0;
}

/* The rest of a topic behind "<prefix>/<device>/", or NULL. */
static const char *own_topic(const vn_oracle_t *oracle, const char *topic) {
  const char *const levels[] = {oracle->prefix, oracle->device};
  for (size_t i = 0; i < 2; i++) {
    size_t length = strlen(levels[i]);
    if (strncmp(topic, levels[i], length) != 0 || topic[length] != '/') {
      return NULL;
    }
    topic += length + 1;
  }
  return topic;
}

void vn_oracle_message(vn_oracle_t *oracle, const char *topic, const void *payload, size_t length) {
  static const char states[] = "alert/";
  const char *own = own_topic(oracle, topic);
  if (own == NULL || oracle->wrong) {
    return;
  }
  uint64_t hash = vn__oracle_hash_message(own, payload, length);
  oracle->figures.messages++;
  if (strcmp(own, "summary") == 0) {
    vn__oracle_take_summary(oracle, payload, length, hash);
  } else if (strcmp(own, "gap") == 0) {
    vn__oracle_take_gap(oracle, payload, length, hash);
  } else if (strcmp(own, "event") == 0) {
    vn__oracle_take_event(oracle, payload, length, hash);
  } else if (strncmp(own, states, sizeof states - 1) == 0) {
    vn__oracle_take_state(oracle, own + sizeof states - 1, payload, length, hash);
  } else if (strcmp(own, "dead-letter") == 0) {
    vn__oracle_take_other(oracle, payload, length, hash);
  }
}
