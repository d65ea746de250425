/* The parts of a world, which see each other. */
#ifndef VN_WORLD_WORLD_PRIV_H
#define VN_WORLD_WORLD_PRIV_H

#include "events.h"
#include "flash_fake.h"
#include "oracle/oracle.h"
#include "vn/engine.h"
#include "world.h"

#define VN__PACK_MAX 64u
#define VN__SERIES_MAX 1024u
#define VN__DEVICES_MAX 8u
#define VN__UP_WINDOW 16u
#define VN__NOT_LOGGED SIZE_MAX
#define VN__FORGET_MAX 4096u

/* Streams of random numbers; each series and each device has its own. */
enum {
  VN__STREAM_WORKLOAD = 0x10000,
  VN__STREAM_SENSORS = 0x20000,
  VN__STREAM_NETWORK = 0x30000,
  VN__STREAM_CLOCK = 0x40000,
  VN__STREAM_FLASH = 0x50000,
  VN__STREAM_FAULTS = 0x60000
};

typedef enum vn__event_kind {
  VN__EVENT_SENSOR,  /* argument: series */
  VN__EVENT_DELIVER, /* epoch: of the line in */
  VN__EVENT_ACKNOWLEDGED,
  VN__EVENT_STEP,     /* epoch: of the step */
  VN__EVENT_POWER_UP, /* epoch: of the power */
  VN__EVENT_CONNECT,  /* argument: line */
  VN__EVENT_GIVE_UP,  /* argument: line */
  VN__EVENT_ARRIVE,   /* upstream; argument: packet */
  VN__EVENT_CONFIRM,  /* the same */
  VN__EVENT_FAULT,    /* argument: its place in the case */
  VN__EVENT_END       /* the last one of the phase */
} vn__event_kind_t;

typedef struct vn__letter_reading {
  int64_t time_ms;
  size_t logged; /* place in the story; VN__NOT_LOGGED */
  int32_t value;
  uint32_t sequence;
  uint32_t id; /* of its series; never again, while a sensor may count anew */
} vn__letter_reading_t;

/* A message of a sensor, or a command. */
typedef struct vn__letter {
  struct vn__letter *next; /* of the free ones */
  vn__letter_reading_t *readings;
  char *payload;
  uint32_t series, count, length;
  uint32_t command; /* its number, from 1; 0: none. `series` is one of the device */
  bool logged;      /* its readings are in the story */
} vn__letter_t;

/* Letters that the broker keeps for a device: [head, tail) in a ring, numbered for ever. */
typedef struct vn__session {
  vn__letter_t **ring;
  size_t room; /* a power of two */
  uint64_t head, tail;
  uint64_t sent, delivered, taken; /* behind the head: on the way, there, worked off */
  bool absent;                     /* forgotten, until the device comes back */
} vn__session_t;

/* A connection; what was on the way in another epoch never comes. */
typedef struct vn__line {
  uint32_t epoch;
  bool up, half_open, mute;
  int64_t there_us, back_us; /* when the last one arrives in each direction */
} vn__line_t;

typedef enum vn__line_name { VN__LINE_IN, VN__LINE_OUT, VN__LINES } vn__line_name_t;

/* A message on its way upstream. */
typedef struct vn__packet {
  uint8_t *payload;
  uint64_t index;
  size_t topic_length, payload_length;
  char topic[256];
  bool used;
} vn__packet_t;

/* Readings that a series of a device was handed, in order: places in the story, or that it was a
 * repeat of the network. */
typedef struct vn__ledger {
  size_t *entries;
  uint16_t *seen; /* how often, by id */
  size_t count, room, seen_room;
  uint64_t different; /* readings that were taken */
} vn__ledger_t;

typedef struct vn__sensor {
  prng_t workload, habits;
  vn__letter_t *filling;
  int64_t silent_until_us;
  int64_t latest_ms;
  int32_t level;
  uint32_t sequence, made;
  uint8_t device;
  char name[8];
} vn__sensor_t;

/* What would be a file. */
typedef struct vn__file {
  uint8_t *bytes;
  size_t length, room;
} vn__file_t;

/* A command: it was acknowledged, it was answered. */
typedef struct vn__asked {
  bool taken, answered;
} vn__asked_t;

/* How a device took a message. */
typedef struct vn__taking {
  int64_t arrival_ms;
  bool unset;   /* the clock */
  bool in_turn; /* behind all that came before; else it was a repeat at its arrival */
} vn__taking_t;

typedef struct vn__world vn__world_t;

typedef struct vn__device {
  vn__world_t *world;
  vn_configuration_t *configuration;
  vn_engine_t engine;
  vn_store_t store;
  void *block;
  size_t block_bytes;
  flash_fake_t *flash;
  vn_flash_t port;        /* of the flash, with a flaw perhaps */
  vn_pipeline_t pipeline; /* with a flaw perhaps */
  vn_clock_t clock;
  vn_uplink_t uplink;
  vn_ports_t ports;
  vn_keeper_t keeper; /* of savepoints */
  vn__file_t kept;
  vn__session_t session;
  vn__line_t lines[VN__LINES];
  vn__packet_t packets[VN__UP_WINDOW];
  uint64_t *confirmed; /* messages, by index in the outbox, since some commit */
  size_t confirmed_count, confirmed_room;
  vn__letter_t *doubtful; /* the power failed while it was being written */
  uint64_t doubtful_before;
  vn__taking_t doubtful_how;
  prng_t network, faults;
  int64_t boot_us, off_ms, step_us;
  int64_t wall_offset_ms, unset_until_us;
  uint64_t flawed; /* how often the flaw had its chance */
  uint32_t number, moves, power_epoch, step_epoch, cuts_left, cut_again, cut_kinds;
  bool powered, doubtful_alone, twice, killed, stopped, clock_moved, moved;
  char topic_prefix[16];
} vn__device_t;

struct vn__world {
  const vn_case_t *with;
  vn_world_options_t options;
  vn_world_result_t *result;
  vn_events_t events;
  int64_t now_us;
  int64_t broker_down_until_us;
  vn__sensor_t *sensors;
  vn__device_t devices[VN__DEVICES_MAX];
  vn__ledger_t *ledgers; /* of each series */
  vn_oracle_t *oracles[VN__DEVICES_MAX];
  vn__letter_t *free_letters;
  vn__asked_t *asked; /* commands, by number - 1 */
  size_t asked_count, asked_room;
  void **blocks; /* of letters */
  size_t block_count, block_room;
  bool renumbered; /* a sensor counts anew: known numbers may be of other readings */
  bool healing;    /* no more faults, no more readings but the last ones */
  bool ended;
};

/* world.c */
void vn__world_problem(vn__world_t *world, const char *format, ...);
bool vn__world_failed(const vn__world_t *world);
void vn__world_after(vn__world_t *world, int64_t delay_us, const vn_event_t *event);
int64_t vn__world_ms(const vn__world_t *world);
void vn__world_trace(const vn__world_t *world, const char *format, ...);

/* sensors.c */
void vn__sensors_begin(vn__world_t *world);
void vn__sensor_tick(vn__world_t *world, uint32_t series);
void vn__sensor_burst(vn__world_t *world, uint32_t series, int64_t count);
/* It counts from 0, and what it had not sent is gone. */
void vn__sensor_restart(vn__world_t *world, uint32_t series);
/* The last reading, behind all windows. */
void vn__sensor_end(vn__world_t *world, uint32_t series);
vn__letter_t *vn__letter_new(vn__world_t *world);
/* The payload, from its readings. */
void vn__letter_write(vn__letter_t *letter, unsigned decimals);
void vn__letter_free(vn__world_t *world, vn__letter_t *letter);

/* broker.c */
void vn__broker_publish(vn__world_t *world, vn__letter_t *letter);
void vn__broker_deliver(vn__device_t *device);
void vn__broker_acknowledged(vn__device_t *device);
void vn__broker_forget(vn__device_t *device);
vn__letter_t *vn__broker_letter(const vn__session_t *session, uint64_t number);
void vn__line_break(vn__device_t *device, vn__line_name_t name, int64_t back_after_us);
void vn__line_connect(vn__device_t *device, vn__line_name_t name);
/* When something sent now arrives; in order. */
int64_t vn__line_arrival_us(vn__device_t *device, vn__line_name_t name, bool back);

/* upstream.c */
vn_err_t vn__upstream_send(void *context, const vn_message_t *message);
void vn__upstream_arrive(vn__device_t *device, uint32_t packet);
void vn__upstream_confirm(vn__device_t *device, uint32_t packet);
void vn__upstream_lost(vn__device_t *device);

/* setup.c */
vn_oracle_t *vn__oracle_of(const vn__world_t *world, uint32_t device);

/* device.c */
bool vn__device_new(vn__device_t *device, vn__world_t *world, uint32_t number);
void vn__device_free(vn__device_t *device);
void vn__device_power_up(vn__device_t *device);
/* Off, and on again after its off_ms. */
void vn__device_power_off(vn__device_t *device);
/* As vnotchd stops when it is asked to: nothing is lost, in no mode. */
void vn__device_stop(vn__device_t *device);
/* The power fails at an operation of the flash, and at others after that. */
void vn__device_cut(vn__device_t *device, const vn_case_fault_t *fault);
/* Another region, with a configuration that suits it; both are the device's from now on. */
bool vn__device_settle_in(vn__device_t *device, vn_configuration_t *configuration,
                          flash_fake_t *flash);
void vn__device_step(vn__device_t *device);
void vn__device_step_at(vn__device_t *device, int64_t at_us);
void vn__device_take(vn__device_t *device);
bool vn__device_is_idle(const vn__device_t *device);

/* ledger.c: which readings were taken, and which came back after a restart */
void vn__ledger_take(vn__device_t *device, vn__letter_t *letter, const vn__taking_t *how);
void vn__ledger_restored(vn__device_t *device);
void vn__ledger_check(vn__device_t *device);

/* flaws.c: where a device is wrong on purpose; without a flaw they do nothing */
static inline bool vn__flawed(const vn__device_t *device, vn_world_flaw_t flaw) {
  return device->world->options.flaw == flaw;
}
void vn__flaw_made(vn__device_t *device);
void vn__flaw_restored(vn__device_t *device);
void vn__flaw_before_step(vn__device_t *device);
void vn__flaw_after_step(vn__device_t *device);
/* True: the message gets lost behind its acknowledgement. */
bool vn__flaw_taken(vn__device_t *device, vn__letter_t *letter);
/* True: upstream acknowledges it, and it never comes. */
bool vn__flaw_swallows(const vn__device_t *device, const vn__packet_t *packet);
/* A savepoint of a running device, as long as it should be. */
size_t vn__flaw_kept(const vn__device_t *device, size_t length);
/* A message that was on the way when the link broke: whether it is told, and what. */
bool vn__flaw_lost(const vn__device_t *device, const vn__packet_t *packet, bool *delivered);

/* move.c */
void vn__device_move(vn__device_t *device, const vn_case_fault_t *fault);
vn_err_t vn__file_write(void *file, const uint8_t *bytes, size_t length);
/* A savepoint can be imported into a region as the device's, and comes out again as it is. */
void vn__savepoint_check(vn__device_t *device, const vn__file_t *savepoint);

/* commands.c */
void vn__command(vn__device_t *device, int64_t kind);
/* Behind vn_init: where the engine puts its savepoints. */
void vn__commands_begin(vn__device_t *device);
void vn__command_taken(vn__world_t *world, const vn__letter_t *letter);
void vn__command_answer(vn__device_t *device, const vn__packet_t *packet);
/* In journal mode each command that was acknowledged was answered. */
void vn__commands_check(vn__world_t *world);

/* faults.c */
void vn__fault(vn__world_t *world, const vn_case_fault_t *fault);

#endif
