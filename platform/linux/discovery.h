/* What Home Assistant is told so that a series' alerts and means appear there by themselves. */
#ifndef VN_DISCOVERY_H
#define VN_DISCOVERY_H

#include "vn/plan.h"

/*
 * The device form of Home Assistant's MQTT discovery: one retained message for each series, all of
 * one device. Each alert is a binary_sensor over its retained state, each window with a mean a
 * sensor over its latest result. Nothing here sends: plan and series in, text out.
 */

/* In place of a pipeline: the device itself, whose series has its name and the alert of floods. */
#define VN_DISCOVERY_DEVICE UINT8_MAX

/* All pointers outlive it. */
typedef struct vn_discovery {
  const vn_plan_t *plan;
  const char *prefix;  /* of Home Assistant's discovery topics */
  const char *version; /* of this program */
  uint32_t boot;       /* of this start */
  bool latest;         /* the latest results of windows are published: means can be shown */
} vn_discovery_t;

/* Levels of the topic are letters, digits, _ and -: of a name with others it is these and a hash.
 */
#define VN_DISCOVERY_ID_MAX 272u

/* "<prefix>/device/<device>/<series>/config", without a series for the device itself, terminated.
 * Returns its length; 0: it doesn't fit. */
size_t vn_discovery_topic(const vn_discovery_t *discovery, uint8_t pipeline, vn_text_t series,
                          char *out, size_t capacity);

/* Whether there is anything to show: an alert that is published, or a mean. */
bool vn_discovery_has_any(const vn_discovery_t *discovery, uint8_t pipeline);

/* How many alerts there are; the name of one, or NULL when it is not published. */
uint8_t vn_discovery_alerts(const vn_discovery_t *discovery, uint8_t pipeline);
const char *vn_discovery_alert(const vn_discovery_t *discovery, uint8_t pipeline, uint8_t alert);

/*
 * The message for a series of this pipeline, JSON. Returns its length, which may exceed capacity:
 * then it is unusable. With out NULL and capacity 0 it only measures.
 */
size_t vn_discovery_message(const vn_discovery_t *discovery, uint8_t pipeline, vn_text_t series,
                            char *out, size_t capacity);

/*
 * The retained state of an alert that has never been told of, so that it is known to be off: the
 * members of other states but "seq" and "id", which only what is told has. Lengths as above.
 */
size_t vn_discovery_normal(const vn_discovery_t *discovery, uint8_t pipeline, uint8_t alert,
                           vn_text_t series, char *out, size_t capacity);

/* Topics below <prefix>/<device>/, of plan's names: "alert/<alert>/<series>",
 * "latest/<window>/<series>". Lengths as of vn_discovery_topic. */
size_t vn_discovery_alert_topic(const char *alert, vn_text_t series, char *out, size_t capacity);
size_t vn_discovery_latest_topic(const char *window, vn_text_t series, char *out, size_t capacity);

/* The longest of all messages and states, for series names as long as the plan allows. */
size_t vn_discovery_max(const vn_discovery_t *discovery);

#endif
