/* A world: sensors, a broker, devices, faults, and one queue of events that makes time pass. */
#ifndef VN_WORLD_WORLD_H
#define VN_WORLD_WORLD_H

#include "case.h"
#include "configuration.h"
#include "story.h"

/* Ways to be wrong on purpose, which a simulation must notice. */
typedef enum vn_world_flaw {
  VN_FLAW_NONE,
  VN_FLAW_ACKNOWLEDGE_EARLY, /* before the message is durable */
  VN_FLAW_DROP_ONE,          /* an acknowledged message never reaches the engine */
  VN_FLAW_LYING_SYNC,        /* the flash says that it is done, and isn't */
  VN_FLAW_FORGET_VERDICT,    /* upstream's acknowledgement is believed before it comes */
  VN_FLAW_REENCODE,          /* a message that is sent again differs in a byte */
  VN_FLAWS
} vn_world_flaw_t;

/* How the run is to be watched. */
typedef struct vn_world_options {
  bool oracle; /* compares with the oracle */
  bool keep;   /* keeps the whole story */
  bool trace;  /* tells events on standard error */
  vn_world_flaw_t flaw;
} vn_world_options_t;

typedef struct vn_world_figures {
  uint64_t readings, messages, redelivered, lost_by_broker, lost_by_device;
  uint64_t published, published_again, cuts, torn, power_ups, faults, results_checked, relations;
  int64_t simulated_ms; /* of all devices together */
} vn_world_figures_t;

typedef struct vn_world_result {
  vn_story_t story;
  vn_world_figures_t figures;
  char problem[1024]; /* "": none */
  bool unfit;         /* the problem is the case's own: nothing is said of the device */
} vn_world_result_t;

/* Runs a case to its end or to the first difference; free the story. */
void vn_world_run(const vn_case_t *world_case, const vn_world_options_t *options,
                  vn_world_result_t *result);

/* The configuration of a device, by the loader of vnotchd. NULL: refused, `problem` says why. */
vn_configuration_t *vn_world_configuration(const vn_case_t *world_case, uint32_t device,
                                           char *problem, size_t room);

/*
 * What an assertion says while a world runs: true when it does, and then this doesn't return but
 * ends the run with a problem.
 */
void vn_world_caught(const char *file, int line);

#endif
