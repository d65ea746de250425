/* A case: everything that one simulated run depends on, as numbers that can be written down. */
#ifndef VN_WORLD_CASE_H
#define VN_WORLD_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define VN_CASE_WINDOWS_MAX 4u
#define VN_CASE_ALERTS_MAX 3u
#define VN_CASE_FAULTS_MAX 4096u

/*
 * Name, least value, the value that a case has which doesn't say another one. The least value is
 * also the simplest one: where a failure is made smaller, values go there.
 */
#define VN_CASE_KEYS(KEY)                                                      \
  KEY(seed, 0, 1)                 /* of all that is drawn while it runs */     \
  KEY(start_ms, 0, 1795219200000) /* Unix time at the begin */                 \
  KEY(minutes, 1, 60)             /* of virtual time, until all faults heal */ \
  KEY(devices, 1, 1)                                                           \
  KEY(series, 1, 3)                                                            \
  KEY(every_ms, 10, 10000) /* between the readings of a series */              \
  KEY(pack, 1, 1)          /* readings in a message */                         \
  KEY(disorder, 0, 0)      /* percent of readings that are out of order */     \
  KEY(late, 0, 0)          /* percent behind out_of_order */                   \
  KEY(future, 0, 0)        /* per thousand with a time days ahead */           \
  KEY(repeat, 0, 0)        /* percent of messages that are sent twice */       \
  KEY(bad, 0, 0)           /* percent of messages that are damaged */          \
  KEY(silent, 0, 0)        /* percent of readings that never come */           \
  KEY(spikes, 0, 0)        /* percent of readings far off */                   \
  KEY(whole_ms, 0, 0)      /* times of readings are multiples of it */         \
  KEY(out_of_order_ms, 0, 0)                                                   \
  KEY(lateness_ms, 0, 0)                                                       \
  KEY(max_future_ms, 0, 0) /* 0: off */                                        \
  KEY(decimals, 0, 2)                                                          \
  KEY(journal, 0, 1) /* 0: checkpoint mode */                                  \
  KEY(checkpoint_ms, 100, 10000)                                               \
  KEY(flush_ms, 1, 1000)                                                       \
  KEY(erase, 512, 4096) /* of the flash: bytes of a sector */                  \
  KEY(unit, 1, 16)      /* bytes that are programmed at a time */              \
  KEY(sectors, 8, 512)                                                         \
  KEY(noise, 0, 0)    /* erased units read as something else */                \
  KEY(unstable, 0, 0) /* what a cut touched reads anew each time */            \
  KEY(ecc, 0, 0)      /* torn units may be unreadable */                       \
  KEY(cached, 0, 0)   /* what wasn't synced may be lost in parts */            \
  KEY(queue, 1, 256)  /* messages that the device queues */                    \
  KEY(outbox_kib, 4, 128)                                                      \
  KEY(batch, 1, 20)                                                            \
  KEY(broker_window, 1, 20)    /* messages on their way to a client */         \
  KEY(broker_queue, 1, 100000) /* messages that wait for a client */           \
  KEY(latency_us, 1, 2000)     /* of a message, at most twice that */          \
  KEY(lazy_ms, 0, 0)           /* the device sleeps so long at least */        \
  KEY(mono_ms, 0, 0)           /* of the monotonic clock at each power-up */

typedef enum vn_case_shape {
  VN_CASE_TUMBLING,
  VN_CASE_SLIDING,
  VN_CASE_SESSION,
  VN_CASE_SHAPES
} vn_case_shape_t;

/* A session has its gap as its size. */
typedef struct vn_case_window {
  int64_t shape, size_ms, slide_ms, sample;
} vn_case_window_t;

/* Above or below a limit, in units of the resolution. */
typedef struct vn_case_alert {
  int64_t below, limit, hysteresis, for_ms, keep_ms;
} vn_case_alert_t;

/* What goes wrong. Figures stand behind the names as they do in the file; the rest is unused. */
#define VN_CASE_FAULT_KINDS(KIND)                                                                \
  KIND(CUT, "cut")     /* the power, at the a-th flash operation from now (0: between two); then \
                          b times at the c-th behind the power-up; d: how it is torn */          \
  KIND(KILL, "kill")   /* the process; the flash keeps its power */                              \
  KIND(STOP, "stop")   /* the process, properly */                                               \
  KIND(TWICE, "twice") /* power off, and two starts one after the other */                       \
  KIND(BREAK, "break") /* a: which link (0 in, 1 out); it is lost at once */                     \
  KIND(HALF_OPEN, "half-open")     /* link a carries nothing until it is given up */             \
  KIND(MUTE, "mute")               /* link a carries no acknowledgements, then breaks */         \
  KIND(BROKER_RESTART, "restart")  /* of the broker, with its sessions kept */                   \
  KIND(BROKER_AMNESIA, "amnesia")  /* the same, with everything forgotten */                     \
  KIND(CLOCK_STEP, "clock-step")   /* by a ms */                                                 \
  KIND(CLOCK_UNSET, "clock-unset") /* the wall clock is not known for a while */                 \
  KIND(SILENCE, "silence")         /* of series a */                                             \
  KIND(RENUMBER, "renumber")       /* series a restarts and counts from 0 */                     \
  KIND(BURST, "burst")             /* series a sends b readings at once */                       \
  KIND(MOVE, "move") /* a stop (d: a kill); the savepoint goes into a new region, of sectors of  \
  a bytes and units of b (0: as they are), and on; cut at operation c (0: not): all as before */ \
  KIND(COMMAND, "command") /* of kind a, by MQTT: commands.c */

#define VN_CASE_KIND(name, word) VN_FAULT_##name,
typedef enum vn_fault_kind { VN_CASE_FAULT_KINDS(VN_CASE_KIND) VN_FAULT_KINDS } vn_fault_kind_t;
#undef VN_CASE_KIND

typedef struct vn_case_fault {
  int64_t at_ms, for_ms; /* from the begin */
  int64_t a, b, c, d;
  uint8_t kind, device;
} vn_case_fault_t;

typedef struct vn_case {
#define VN_CASE_FIELD(name, least, usual) int64_t name;
  VN_CASE_KEYS(VN_CASE_FIELD)
#undef VN_CASE_FIELD
  vn_case_window_t windows[VN_CASE_WINDOWS_MAX];
  vn_case_alert_t alerts[VN_CASE_ALERTS_MAX];
  vn_case_fault_t faults[VN_CASE_FAULTS_MAX];
  size_t window_count, alert_count, fault_count;
} vn_case_t;

/* Key by number, for what goes through all of them; NULL behind the last one. */
int64_t *vn_case_value(vn_case_t *world_case, size_t key, int64_t *least, int64_t *usual);

/* One window of a minute, no alerts, no faults. */
void vn_case_init(vn_case_t *world_case);

/* Draws everything from the seed; faults are those of `kinds`, a bit for each. */
void vn_case_draw(vn_case_t *world_case, uint64_t seed, int64_t minutes, uint32_t kinds);

/* The kind of a fault by its word; VN_FAULT_KINDS: none. */
vn_fault_kind_t vn_case_kind(const char *word);

/* As text, a line for what is not as usual. */
void vn_case_print(const vn_case_t *world_case, FILE *file);

/* False: *problem says what is wrong with *line. */
bool vn_case_read(vn_case_t *world_case, FILE *file, unsigned *line, const char **problem);

/* The configuration file of a device of this case, as a user would write it. */
void vn_case_configuration(const vn_case_t *world_case, uint32_t device, FILE *file);

#endif
