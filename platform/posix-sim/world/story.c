#include "story.h"

#include "room.h"

#include <string.h>

#define FNV_PRIME UINT64_C(0x100000001B3)
#define SQUARE (FNV_PRIME * FNV_PRIME)

/* FNV-1a over more bytes. */
static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t length) {
  const uint8_t *from = bytes;
  for (size_t i = 0; i < length; i++) {
    hash = (hash ^ from[i]) * FNV_PRIME;
  }
  return hash;
}

/* The same on every machine, whatever the order of its bytes. */
static uint64_t hash_numbers(uint64_t hash, const int64_t *numbers, size_t count) {
  static const uint64_t powers[9] = {1,
                                     FNV_PRIME,
                                     SQUARE,
                                     SQUARE * FNV_PRIME,
                                     SQUARE * SQUARE,
                                     SQUARE * SQUARE * FNV_PRIME,
                                     SQUARE * SQUARE * SQUARE,
                                     SQUARE * SQUARE * SQUARE * FNV_PRIME,
                                     SQUARE * SQUARE * SQUARE * SQUARE};
  for (size_t i = 0; i < count; i++) {
    size_t zeros = 8; /* at its end: each is a product alone */
    for (uint64_t rest = (uint64_t)numbers[i]; rest != 0; rest >>= 8) {
      hash = (hash ^ (rest & 0xFFu)) * FNV_PRIME;
      zeros--;
    }
    hash *= powers[zeros];
  }
  return hash;
}

size_t vn_story_reading(vn_story_t *story, const vn_story_reading_t *reading) {
  if (story->hashed) {
    const int64_t figures[] = {reading->time_ms, reading->arrival_ms, reading->value,
                               reading->sequence, reading->series};
    story->hash = hash_numbers(story->hash, figures, sizeof figures / sizeof figures[0]);
  }
  if (!story->keeps_readings) {
    return SIZE_MAX;
  }
  if (story->reading_count == story->reading_room) {
    story->readings = vn_room_grow(story->readings, &story->reading_room, sizeof *story->readings);
  }
  story->readings[story->reading_count] = *reading;
  return story->reading_count++;
}

static void keep(vn_story_t *story, vn_story_message_t message, const char *topic,
                 const uint8_t *payload) {
  size_t needed = story->used + message.topic_length + 1u + message.payload_length;
  while (needed > story->room) {
    story->bytes = vn_room_grow(story->bytes, &story->room, 1);
  }
  if (story->message_count == story->message_room) {
    story->messages = vn_room_grow(story->messages, &story->message_room, sizeof *story->messages);
  }
  message.at = story->used;
  memcpy(story->bytes + story->used, topic, message.topic_length);
  story->bytes[story->used + message.topic_length] = '\0';
  memcpy(story->bytes + story->used + message.topic_length + 1u, payload, message.payload_length);
  story->used = needed;
  story->messages[story->message_count++] = message;
}

void vn_story_message(vn_story_t *story, const vn_story_message_t *message, const char *topic,
                      const uint8_t *payload) {
  if (story->hashed) {
    const int64_t figures[] = {message->at_ms, message->device, message->payload_length};
    story->hash = hash_numbers(story->hash, figures, sizeof figures / sizeof figures[0]);
    story->hash = hash_bytes(story->hash, topic, message->topic_length);
    story->hash = hash_bytes(story->hash, payload, message->payload_length);
  }
  if (story->keeps_messages) {
    keep(story, *message, topic, payload);
  }
}

void vn_story_free(vn_story_t *story) {
  vn_room_free(story->readings);
  vn_room_free(story->messages);
  vn_room_free(story->bytes);
  *story = (vn_story_t){.hashed = false};
}
