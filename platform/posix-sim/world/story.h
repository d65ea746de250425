/* What happened in a run: the readings that a device took, and the messages that came out. */
#ifndef VN_WORLD_STORY_H
#define VN_WORLD_STORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A reading as it was taken first. What the network repeated isn't here again, but where a sensor
 * counts anew: what couldn't be told from a repeat the first time is perhaps taken then. There are
 * millions of them: kept small.
 */
typedef struct vn_story_reading {
  int64_t time_ms, arrival_ms;
  int32_t value; /* scaled */
  uint32_t sequence;
  uint32_t id; /* of its series: a repeat by the sensor has it too */
  uint16_t series;
  uint8_t device;
  bool again : 1; /* the network repeated it, and that may matter */
  bool lost : 1;  /* acknowledged in checkpoint mode, and gone with the power */
  bool unset : 1; /* the clock of the device wasn't set: arrival_ms means nothing */
} vn_story_reading_t;

/* A message as the other end received it. */
typedef struct vn_story_message {
  size_t at; /* of the topic in the bytes, terminated; the payload follows */
  uint32_t topic_length, payload_length;
  int64_t at_ms;
  uint8_t device;
} vn_story_message_t;

typedef struct vn_story {
  vn_story_reading_t *readings;
  vn_story_message_t *messages;
  char *bytes;
  size_t reading_count, reading_room, message_count, message_room, used, room;
  uint64_t hash; /* of everything that was ever put in */
  bool hashed, keeps_readings, keeps_messages;
} vn_story_t;

/* Its place; SIZE_MAX when readings aren't kept. */
size_t vn_story_reading(vn_story_t *story, const vn_story_reading_t *reading);

void vn_story_message(vn_story_t *story, const vn_story_message_t *message, const char *topic,
                      const uint8_t *payload);

void vn_story_free(vn_story_t *story);

#endif
