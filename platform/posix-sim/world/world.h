/* A world: sensors, a broker, devices, faults, and one queue of events that makes time pass. */
#ifndef VN_WORLD_WORLD_H
#define VN_WORLD_WORLD_H

#include "case.h"
#include "configuration.h"
#include "story.h"

/* Ways to be wrong on purpose, which a simulation must notice. */
#define VN_WORLD_FLAWS(FLAW)                                                                       \
  FLAW(NONE, "none")                                                                               \
  FLAW(ACKNOWLEDGE_EARLY, "acknowledge-early") /* before the message is durable */                 \
  FLAW(DROP_ONE, "drop-one")             /* an acknowledged message never reaches the engine */    \
  FLAW(LYING_SYNC, "lying-sync")         /* the flash says that it is done, and isn't */           \
  FLAW(FORGET_VERDICT, "forget-verdict") /* what a broken link carried counts as delivered */      \
  FLAW(REENCODE, "reencode")             /* a message that is sent again differs in a byte */      \
  FLAW(PUBLISH_EARLY, "publish-early")   /* results leave before they are in a commit */           \
  FLAW(CONFIRM_EARLY, "confirm-early")   /* what the uplink took counts as delivered */            \
  FLAW(NEVER_AGAIN, "never-again")       /* what a broken link carried stays in flight for ever */ \
  FLAW(DROP_STATE, "drop-state")         /* the same for states and events of alerts only */       \
  FLAW(FORGET_OUTBOX, "forget-outbox")   /* a restart leaves the outbox empty */                   \
  FLAW(FORGET_JOURNAL, "forget-journal") /* a restart finds empty messages in the journal */       \
  FLAW(FORGET_WATERMARK, "forget-watermark") /* a restart has seen no time yet */                  \
  FLAW(FORGET_NUMBERS, "forget-numbers")     /* a restart doesn't know repeats */                  \
  FLAW(FORGET_ALERTS, "forget-alerts")       /* a restart doesn't know that a condition held */    \
  FLAW(UNTOLD_LOSS, "untold-loss")           /* a restart tells of no loss */                      \
  FLAW(NO_QUARANTINE, "no-quarantine")       /* readings from the future move the watermark */     \
  FLAW(WRONG_EDGE, "wrong-edge")           /* the first instant of a window belongs to the last */ \
  FLAW(WALL_FOR_MONO, "wall-for-mono")     /* steps of the wall clock are taken as time */         \
  FLAW(LOSE_NOTICE, "lose-notice")         /* a notice of gaps never comes */                      \
  FLAW(MOVE_NO_OUTBOX, "move-no-outbox")   /* an import leaves out what waits to be sent */        \
  FLAW(MOVE_NO_NUMBERS, "move-no-numbers") /* an import leaves out by what repeats are told */     \
  FLAW(MOVE_NO_JOURNAL, "move-no-journal") /* an import finds empty messages in the journal */     \
  FLAW(LOSE_ANSWER, "lose-answer")         /* an answer to a command never comes */                \
  FLAW(CUT_SAVEPOINT, "cut-savepoint")     /* a running device writes half a savepoint */

#define VN_WORLD_FLAW(name, word) VN_FLAW_##name,
typedef enum vn_world_flaw { VN_WORLD_FLAWS(VN_WORLD_FLAW) VN_FLAWS } vn_world_flaw_t;
#undef VN_WORLD_FLAW

/* How the run is to be watched. */
typedef struct vn_world_options {
  bool oracle; /* compares with the oracle */
  bool keep;   /* keeps the whole story */
  bool trace;  /* tells events on standard error */
  vn_world_flaw_t flaw;
} vn_world_options_t;

typedef struct vn_world_figures {
  uint64_t readings, messages, redelivered, lost_by_broker, lost_by_device;
  uint64_t published, published_again, cuts, torn, power_ups, faults, results_checked, relations,
      noticed,          /* cases with a notice of gaps */
      moves,            /* into another region */
      answers;          /* to commands */
  int64_t simulated_ms; /* of all devices together */
} vn_world_figures_t;

typedef struct vn_world_result {
  vn_story_t story;
  vn_world_figures_t figures;
  uint64_t doubtful;  /* messages that a device may take for unsent although they came */
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
