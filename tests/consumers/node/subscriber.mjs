// Prints the summaries and alerts of one vnotch device as JSON lines.
//   npm install && node subscriber.mjs DEVICE [--host H] [--port P] [--prefix P] [--count N]
// What the numbers mean is in docs/messages.md.
import { parseArgs } from "node:util";
import { Decoder } from "cbor-x";
import mqtt from "mqtt";

const VERSION = 1;
const KINDS = ["on_time", "late", "idle", "early", "forced", "partial", "count"];
// Keys of a record whose values are integers in units of the pipeline's resolution.
const SCALED = { 8: "sum", 10: "min", 11: "max", 12: "first", 13: "last", 23: "range",
                 26: "p50", 27: "p90", 28: "p95", 29: "p99" };
// Those that are numbers in the unit itself already.
const DERIVED = { 18: "mean", 19: "variance", 20: "variance_sample", 21: "stddev",
                  22: "stddev_sample" };
const GAP_MEMBERS = ["why", "first", "last", "messages", "results", "alerts", "from", "to"];
const WHY = ["dropped", "coarsened"];

// Times take 8 bytes: without int64AsNumber they would be BigInt. Maps, because keys are integers.
const decoder = new Decoder({ int64AsNumber: true, mapsAsObjects: false });

// integer * 10^exponent; a sum beyond 64 bits is a BigInt and loses digits here.
function scale(integer, exponent) {
  const number = Number(integer);
  return exponent < 0 ? number / 10 ** -exponent : number * 10 ** exponent;
}

function summaryOf(message, record) {
  const pipeline = message.get(4)[record.get(0)];
  const exponent = pipeline.get(2);
  const start = record.get(3);
  const from = record.get(24); // only in count windows, where start and end number the readings
  const result = {
    device: message.get(1), boot: message.get(2), seq: message.get(3),
    pipeline: pipeline.get(0), unit: pipeline.get(1), window: pipeline.get(3)[record.get(1)],
    series: record.get(2), start, end: record.get(4), rev: record.get(5),
    kind: KINDS[record.get(6)], count: record.get(7),
  };
  for (const [key, name] of Object.entries(SCALED)) {
    if (record.has(Number(key))) result[name] = scale(record.get(Number(key)), exponent);
  }
  if (record.has(9)) result.sum_sq = scale(record.get(9), 2 * exponent);
  for (const [key, name] of Object.entries(DERIVED)) {
    if (record.has(Number(key))) result[name] = record.get(Number(key));
  }
  if (record.has(14)) {
    const base = from ?? start;
    result.sample = record.get(14).map(([since, value]) => [base + since, scale(value, exponent)]);
  }
  if (record.has(15)) result.supersedes = record.get(15);
  if (from !== undefined) Object.assign(result, { from, to: record.get(25) });
  return result;
}

function summaries(payload) {
  const message = decoder.decode(payload);
  if (message.get(0) !== VERSION) {
    throw new Error(`version ${message.get(0)} of the summary format is not known here`);
  }
  return message.get(5).map((record) => summaryOf(message, record));
}

// A notice of gaps, CBOR or JSON.
function notice(payload) {
  if (payload[0] === 0x7b) return JSON.parse(payload);
  const message = decoder.decode(payload);
  const gaps = message.get(7).map((gap) => Object.fromEntries(GAP_MEMBERS
    .map((name, key) => [name, key === 0 ? WHY[gap.get(0)] : gap.get(key)])
    .filter(([, value]) => value !== undefined)));
  return { device: message.get(1), boot: message.get(2), seq: message.get(3), gaps };
}

function resultsOf(topic, payload) {
  if (topic.endsWith("/summary")) {
    return summaries(payload).map((summary) => ({ type: "summary", ...summary }));
  }
  return topic.endsWith("/gap") ? [{ type: "gap", ...notice(payload) }]
    : [{ type: "alert", ...JSON.parse(payload) }];
}

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    host: { type: "string", default: "127.0.0.1" },
    port: { type: "string", default: "1883" },
    prefix: { type: "string", default: "vnotch" },
    count: { type: "string", default: "0" },
  },
});
if (positionals.length !== 1) {
  console.error("usage: node subscriber.mjs DEVICE [--host H] [--port P] [--prefix P] [--count N]");
  process.exit(64);
}
const base = `${options.prefix}/${positionals[0]}`;
let left = Number(options.count);

const client = mqtt.connect(`mqtt://${options.host}:${options.port}`);
client.on("connect", async () => {
  await client.subscribeAsync([`${base}/summary`, `${base}/event`, `${base}/gap`], { qos: 1 });
  console.error("subscribed");
});
client.on("error", (error) => {
  console.error(String(error));
  process.exit(1);
});
client.on("message", (topic, payload) => {
  try {
    const results = resultsOf(topic, payload);
    for (const result of results) console.log(JSON.stringify(result));
  } catch (error) {
    console.error(`${topic}: ${error.message}`);
    process.exitCode = 1;
  }
  left -= 1;
  // Not at once: this message is acknowledged when its handler has returned.
  if (left === 0) setImmediate(() => client.end());
});
