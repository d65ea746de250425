/* The schema of everything around the pipelines. */
#include "schema_priv.h"
#include "vn/summary.h"

#define SECOND INT64_C(1000)
#define DAY (86400 * SECOND)
#define KIB INT64_C(1024)
#define LONGEST (36500 * DAY)
#define PATH_BYTES 4095
#define KEYS(keys) (keys), (uint32_t)(sizeof(keys) / sizeof((keys)[0]))

static const vn__key_t root_keys[] = {
    [VN__ROOT_DEVICE] = {.name = "device",
                         .type = VN__NAME,
                         .high = VN_WORD_MAX,
                         .fallback = "vnotch",
                         .doc = "Name of this device: a level of its topics and part of each "
                                "result's identity."},
    [VN__ROOT_BROKER] = {.name = "broker",
                         .type = VN__SECTION,
                         .section = &vn__broker_section,
                         .doc =
                             "The MQTT broker that readings come from. vnotchd needs it, a replay "
                             "doesn't."},
    [VN__ROOT_UPSTREAM] = {.name = "upstream",
                           .type = VN__SECTION,
                           .section = &vn__broker_section,
                           .fallback_words = "the broker",
                           .doc = "The broker that results go to, with the same keys as `broker`; "
                                  "nothing is taken over from there."},
    [VN__ROOT_TOPICS] = {.name = "topics",
                         .type = VN__SECTION,
                         .section = &vn__topics_section,
                         .doc = "Where results are published."},
    [VN__ROOT_SUMMARIES] = {.name = "summaries",
                            .type = VN__SECTION,
                            .section = &vn__summaries_section,
                            .doc = "How the results of windows are packed."},
    [VN__ROOT_CAPACITY] = {.name = "capacity",
                           .type = VN__SECTION,
                           .section = &vn__capacity_section,
                           .doc = "Sizes that are fixed at start; memory follows from them."},
    [VN__ROOT_LIMIT] = {.name = "limit",
                        .type = VN__SECTION,
                        .section = &vn__limit_section,
                        .fallback_words = "none",
                        .doc = "How many readings all series together may bring, with the keys of "
                               "a pipeline's `limit`."},
    [VN__ROOT_STATE] = {.name = "state",
                        .type = VN__SECTION,
                        .section = &vn__state_section,
                        .doc = "What survives a restart, and where."},
    [VN__ROOT_STATS_EVERY] = {.name = "stats_every",
                              .type = VN__DURATION,
                              .low = SECOND,
                              .high = DAY,
                              .fallback = "10s",
                              .doc = "How often the daemon's own figures are published."},
    [VN__ROOT_INPUTS] = {.name = "inputs",
                         .type = VN__SECTIONS,
                         .section = &vn__input_section,
                         .high = VN_INPUTS_MAX,
                         .doc = "What is subscribed to, and how messages become readings."},
    [VN__ROOT_PIPELINES] = {.name = "pipelines",
                            .type = VN__SECTIONS,
                            .section = &vn__pipeline_section,
                            .high = VN_PIPELINES_MAX,
                            .required = true,
                            .doc =
                                "What is computed. The first pipeline whose `match` fits a series "
                                "owns it."},
    [VN__ROOT_DERIVE] = {.name = "derive",
                         .type = VN__SECTIONS,
                         .section = &vn__derive_section,
                         .high = VN_DERIVATIONS_MAX,
                         .doc = "Series that are computed from others of this device."},
    [VN__ROOT_ALERTS] = {.name = "alerts",
                         .type = VN__SECTION,
                         .section = &vn__alerts_section,
                         .doc = "What holds for the alerts of all pipelines together."},
    [VN__ROOT_HOMEASSISTANT] = {.name = "homeassistant",
                                .type = VN__SECTION,
                                .section = &vn__homeassistant_section,
                                .doc = "Alerts and means that appear in Home Assistant by "
                                       "themselves."},
    [VN__ROOT_COMMANDS] = {.name = "commands",
                           .type = VN__SECTION,
                           .section = &vn__commands_section,
                           .doc = "What may be asked of the device by messages."},
    [VN__ROOT_SHADOW] = {.name = "shadow",
                         .type = VN__SECTION,
                         .section = &vn__shadow_section,
                         .doc = "A second set of pipelines that runs beside the first one; what "
                                "comes out differently is told (docs/shadow.md)."},
};
const vn__section_t vn__root_section = {"", "The file is one mapping with these keys.",
                                        KEYS(root_keys)};

static const vn__key_t shadow_keys[] = {
    [VN__SHADOW_PIPELINES] = {.name = "pipelines",
                              .type = VN__SECTIONS,
                              .section = &vn__pipeline_section,
                              .high = VN_PIPELINES_MAX,
                              .required = true,
                              .doc = "The other rules, with the keys of `pipelines`. Windows and "
                                     "alerts are compared with those of the same names."},
};
const vn__section_t vn__shadow_section = {
    "shadow", "Rules that are tried out: they take the same messages and tell nobody but you.",
    KEYS(shadow_keys)};

static const vn__word_t mqtt_words[] = {{"5", 5, false}, {"3.1.1", 4, false}, {NULL, 0, false}};
static const vn__word_t latency_words[] = {
    {"normal", 0, false}, {"low", 1, false}, {NULL, 0, false}};

static const vn__key_t broker_keys[] = {
    [VN__BROKER_URI] = {.name = "uri",
                        .type = VN__TEXT,
                        .high = 1024,
                        .form = "URI",
                        .required = true,
                        .doc = "`mqtt://host[:port]`, or `mqtts`, `ws`, `wss`. Under TLS the host "
                               "name is always checked."},
    [VN__BROKER_MQTT] = {.name = "mqtt",
                         .type = VN__WORD,
                         .words = mqtt_words,
                         .fallback = "5",
                         .doc = "Version of the protocol."},
    [VN__BROKER_CLIENT_ID] = {.name = "client_id",
                              .type = VN__NAME,
                              .high = 128,
                              .fallback_words = "`vnotch-<device>`",
                              .doc = "Start of the client identifiers; the two connections add "
                                     "`-in` and `-out`."},
    [VN__BROKER_USERNAME] = {.name = "username",
                             .type = VN__TEXT,
                             .high = 1024,
                             .form = "text",
                             .doc = "User name for the broker."},
    [VN__BROKER_PASSWORD_FILE] = {.name = "password_file",
                                  .type = VN__TEXT,
                                  .high = PATH_BYTES,
                                  .form = "file",
                                  .doc = "File that holds the password alone; refused when "
                                         "everybody may read it."},
    [VN__BROKER_TLS] = {.name = "tls",
                        .type = VN__SECTION,
                        .section = &vn__tls_section,
                        .doc = "Certificates, with `mqtts` and `wss`."},
    [VN__BROKER_KEEP_ALIVE] = {.name = "keep_alive",
                               .type = VN__DURATION,
                               .low = SECOND,
                               .high = 65535 * SECOND,
                               .fallback = "20s",
                               .doc = "Longest silence before the connection is probed; whole "
                                      "seconds."},
    [VN__BROKER_SESSION_EXPIRY] = {.name = "session_expiry",
                                   .type = VN__DURATION,
                                   .low = SECOND,
                                   .high = 36500 * DAY,
                                   .fallback = "1h",
                                   .doc = "How long the broker keeps messages for us while we are "
                                          "away (MQTT 5; whole seconds)."},
    [VN__BROKER_LATENCY] = {.name = "latency",
                            .type = VN__WORD,
                            .words = latency_words,
                            .fallback = "normal",
                            .doc =
                                "`low`, at one of the brokers: a heartbeat to where results go "
                                "keeps the client library awake, for alerts within a millisecond "
                                "after a quiet second, too, at the price of some traffic."},
};
const vn__section_t vn__broker_section = {"broker", "One MQTT connection.", KEYS(broker_keys)};

static const vn__key_t tls_keys[] = {
    [VN__TLS_CA_FILE] = {.name = "ca_file",
                         .type = VN__TEXT,
                         .high = PATH_BYTES,
                         .form = "file",
                         .fallback_words = "the system's",
                         .doc = "Certificates that the broker's must be signed by (PEM)."},
    [VN__TLS_CERT_FILE] = {.name = "cert_file",
                           .type = VN__TEXT,
                           .high = PATH_BYTES,
                           .form = "file",
                           .doc = "Certificate of this device (PEM); needs `key_file`."},
    [VN__TLS_KEY_FILE] = {.name = "key_file",
                          .type = VN__TEXT,
                          .high = PATH_BYTES,
                          .form = "file",
                          .doc =
                              "Private key of `cert_file` (PEM); refused when everybody may read "
                              "it."},
};
const vn__section_t vn__tls_section = {"broker.tls", "TLS of a connection.", KEYS(tls_keys)};

static const vn__key_t topics_keys[] = {
    [VN__TOPICS_PREFIX] = {.name = "prefix",
                           .type = VN__TEXT,
                           .high = VN_WORD_MAX,
                           .form = "topic",
                           .fallback = "vnotch",
                           .doc = "Results go to topics below `<prefix>/<device>/`."},
};
const vn__section_t vn__topics_section = {"topics", "Names of the topics we publish.",
                                          KEYS(topics_keys)};

static const vn__word_t truth_words[] = {{"false", 0, false}, {"true", 1, false}, {NULL, 0, false}};
static const vn__key_t homeassistant_keys[] = {
    [VN__HOMEASSISTANT_DISCOVERY] = {.name = "discovery",
                                     .type = VN__WORD,
                                     .words = truth_words,
                                     .fallback = "false",
                                     .doc = "Each series is announced to Home Assistant with its "
                                            "alerts and, by `summaries.latest`, the means of its "
                                            "windows."},
    [VN__HOMEASSISTANT_PREFIX] = {.name = "prefix",
                                  .type = VN__TEXT,
                                  .high = VN_WORD_MAX,
                                  .form = "topic",
                                  .fallback = "homeassistant",
                                  .doc = "The discovery prefix that Home Assistant is set to."},
};
const vn__section_t vn__homeassistant_section = {
    "homeassistant", "What is announced to Home Assistant, at the broker that results go to.",
    KEYS(homeassistant_keys)};
static const vn__key_t commands_keys[] = {
    [VN__COMMANDS_ENABLED] = {.name = "enabled",
                              .type = VN__WORD,
                              .words = truth_words,
                              .fallback = "true",
                              .doc = "Whether commands for alerts on `<prefix>/<device>/command` "
                                     "are carried out; `false`: the topic isn't subscribed to."},
};
const vn__section_t vn__commands_section = {
    "commands", "Who may publish commands is the broker's to decide, by its access lists.",
    KEYS(commands_keys)};

static const vn__word_t encoding_words[] = {{"cbor", VN_ENCODING_CBOR, false},
                                            {"cbor-named", VN_ENCODING_CBOR_NAMED, false},
                                            {"json", VN_ENCODING_JSON, false},
                                            {"senml+cbor", VN_ENCODING_SENML_CBOR, false},
                                            {"senml+json", VN_ENCODING_SENML_JSON, false},
                                            {NULL, 0, false}};
static const vn__key_t summaries_keys[] = {
    [VN__SUMMARIES_ENCODING] = {.name = "encoding",
                                .type = VN__WORD,
                                .words = encoding_words,
                                .fallback = "cbor",
                                .doc = "Encoding of summary messages."},
    [VN__SUMMARIES_BATCH] = {.name = "batch",
                             .type = VN__INTEGER,
                             .low = 1,
                             .high = 1000,
                             .fallback = "20",
                             .doc = "At most so many results in one message."},
    [VN__SUMMARIES_FLUSH_EVERY] = {.name = "flush_every",
                                   .type = VN__DURATION,
                                   .low = 1,
                                   .high = DAY,
                                   .fallback = "1s",
                                   .doc = "A message that isn't full leaves after this time."},
    [VN__SUMMARIES_LATEST] = {.name = "latest",
                              .type = VN__WORD,
                              .words = truth_words,
                              .fallback_words = "that of `homeassistant.discovery`",
                              .doc = "The latest result of each window is published as retained "
                                     "JSON, too, on a topic of its own."},
    [VN__SUMMARIES_COARSEN] =
        {.name = "coarsen",
         .type = VN__TEXTS,
         .high = 32,
         .fallback_words = "`[5m, 1h]` with CBOR, else `[]`",
         .doc = "Lengths, ascending, to which results that wait for the broker are merged when the "
                "outbox fills up, before any are dropped; at most four. `[]`: none are. Only for "
                "the encodings `cbor` and `cbor-named`."},
};
const vn__section_t vn__summaries_section = {"summaries", "Messages with the results of windows.",
                                             KEYS(summaries_keys)};

static const vn__word_t full_words[] = {
    {"reject", 0, false}, {"overflow", 1, true}, {NULL, 0, false}};
static const vn__key_t capacity_keys[] = {
    [VN__CAPACITY_SERIES] = {.name = "series",
                             .type = VN__INTEGER,
                             .low = 1,
                             .high = 1000000,
                             .fallback = "1000",
                             .doc = "At most so many series in all pipelines together."},
    [VN__CAPACITY_INPUT_QUEUE] = {.name = "input_queue",
                                  .type = VN__INTEGER,
                                  .low = 1,
                                  .high = 1000000,
                                  .fallback = "4096",
                                  .doc = "Messages that may wait; its bytes are 256 for each or 4 "
                                         "times `message`, whatever is more."},
    [VN__CAPACITY_OUTBOX] = {.name = "outbox",
                             .type = VN__SIZE,
                             .low = 4 * KIB,
                             .high = 1024 * KIB * KIB,
                             .fallback = "4MiB",
                             .doc =
                                 "Room for results that wait for the broker; less where the region "
                                 "of the state can't hold it."},
    [VN__CAPACITY_NAME] = {.name = "name",
                           .type = VN__SIZE,
                           .low = 16,
                           .high = 255,
                           .fallback = "64B",
                           .doc = "Longest name of a series."},
    [VN__CAPACITY_MESSAGE] = {.name = "message",
                              .type = VN__SIZE,
                              .low = 256,
                              .high = 16 * KIB * KIB,
                              .fallback = "64KiB",
                              .doc = "Longest topic and payload together; longer messages are "
                                     "refused and counted."},
    [VN__CAPACITY_ON_FULL] = {.name = "on_full",
                              .type = VN__WORD,
                              .words = full_words,
                              .fallback = "reject",
                              .doc = "What happens to readings of one series too many: they are "
                                     "refused and counted."},
    [VN__CAPACITY_MEMORY] = {.name = "memory",
                             .type = VN__SIZE,
                             .low = 4 * KIB,
                             .high = INT64_C(1) << 40,
                             .fallback_words = "no limit",
                             .doc = "At most so many bytes for all of it, as `vnotch budget` "
                                    "counts them; a configuration that needs more is refused, "
                                    "and told what takes most."},
};
const vn__section_t vn__capacity_section = {
    "capacity", "Limits; `vnotch budget FILE` shows what they cost.", KEYS(capacity_keys)};

static const vn__word_t durability_words[] = {{"volatile", VN_DURABILITY_VOLATILE, false},
                                              {"checkpoint", VN_DURABILITY_CHECKPOINT, false},
                                              {"journal", VN_DURABILITY_JOURNAL, false},
                                              {NULL, 0, false}};
static const vn__key_t state_keys[] = {
    [VN__STATE_FILE] = {.name = "file",
                        .type = VN__TEXT,
                        .high = PATH_BYTES,
                        .form = "file",
                        .doc = "The file of the state; a relative name counts from the working "
                               "directory of the program. Without it nothing survives a restart."},
    [VN__STATE_SIZE] = {.name = "size",
                        .type = VN__SIZE,
                        .low = 16 * KIB,
                        .high = 2048 * KIB * KIB,
                        .fallback = "8MiB",
                        .doc = "Size of the region, a multiple of the erase block."},
    [VN__STATE_DURABILITY] = {.name = "durability",
                              .type = VN__WORD,
                              .words = durability_words,
                              .fallback_words = "`checkpoint` with a file, else `volatile`",
                              .doc = "`journal`: what is acknowledged to the broker is on the "
                                     "flash; each message costs a write. `checkpoint`: a crash "
                                     "loses at most one interval of acknowledged readings, and "
                                     "says so. `volatile`: nothing is kept."},
    [VN__STATE_CHECKPOINT_EVERY] = {.name = "checkpoint_every",
                                    .type = VN__DURATION,
                                    .low = 100,
                                    .high = DAY,
                                    .fallback = "10s",
                                    .doc = "How often what has changed is written."},
    [VN__STATE_JOURNAL_PER_DAY] =
        {.name = "journal_per_day",
         .type = VN__SIZE,
         .low = 64 * KIB,
         .high = INT64_C(1) << 40,
         .fallback_words = "what `flash.lifetime` leaves, else no limit",
         .doc = "With `journal`: bytes that all messages of a day may write to the flash. Those "
                "above it are acknowledged, dropped and counted (`limited`), with a dead letter. A "
                "day's worth can be written at once, and is there again after a day, and at each "
                "start."},
    [VN__STATE_JOURNAL_PER_SOURCE] =
        {.name = "journal_per_source",
         .type = VN__SIZE,
         .low = 64 * KIB,
         .high = INT64_C(1) << 40,
         .fallback_words = "a quarter of `journal_per_day`, or all of it where there is one topic",
         .doc = "The same for the messages of one topic, so that none can use up what belongs to "
                "all."},
    [VN__STATE_FLASH] = {.name = "flash",
                         .type = VN__SECTION,
                         .section = &vn__flash_section,
                         .doc = "The flash below the file, for its wear."},
    [VN__STATE_SAVEPOINT] = {.name = "savepoint",
                             .type = VN__TEXT,
                             .high = PATH_BYTES,
                             .form = "file",
                             .fallback_words = "`file` with `.savepoint` behind it",
                             .doc = "Where the command `savepoint` has the state written, as a "
                                    "portable file."},
};
const vn__section_t vn__state_section = {"state", "The state on flash.", KEYS(state_keys)};

static const vn__key_t flash_keys[] = {
    [VN__FLASH_ERASE_BLOCK] = {.name = "erase_block",
                               .type = VN__SIZE,
                               .low = 512,
                               .high = 128 * KIB,
                               .fallback_words = "a 64th of the size, from 4KiB to 64KiB",
                               .doc =
                                   "What is erased at a time; a power of two. The default suits SD "
                                   "cards and eMMC."},
    [VN__FLASH_PROGRAM_UNIT] = {.name = "program_unit",
                                .type = VN__SIZE,
                                .low = 1,
                                .high = 4 * KIB,
                                .fallback = "512B",
                                .doc = "What is programmed at a time; a power of two, at most a "
                                       "quarter of the erase block."},
    [VN__FLASH_ENDURANCE] = {.name = "endurance",
                             .type = VN__INTEGER,
                             .low = 1,
                             .high = 100000000,
                             .fallback = "100000",
                             .doc = "Erase cycles that each block survives."},
    [VN__FLASH_SCRUB_EVERY] = {.name = "scrub_every",
                               .type = VN__DURATION,
                               .low = 1000,
                               .high = LONGEST,
                               .fallback = "1d",
                               .doc = "How often idle time is used to read all of the flash that "
                                      "counts; what has become damaged is written again."},
    [VN__FLASH_LIFETIME] = {.name = "lifetime",
                            .type = VN__DURATION,
                            .low = 1,
                            .high = LONGEST,
                            .fallback_words = "any",
                            .doc = "How long the flash has to last; a configuration that makes its "
                                   "life shorter, as `vnotch budget` estimates it for usual use, "
                                   "is refused."},
};
const vn__section_t vn__flash_section = {"state.flash", "Geometry and endurance of the flash.",
                                         KEYS(flash_keys)};
