// Runs a Lambda handler for Node: loads it, then asks the Runtime API for events one by one.
import http from 'node:http';
import path from 'node:path';
import fs from 'node:fs';
import { pathToFileURL } from 'node:url';

const env = process.env;
const [host, ...rest] = env.AWS_LAMBDA_RUNTIME_API.split('/');
const [hostname, port] = host.split(':');
const base = (rest.length ? '/' + rest.join('/') : '') + '/2018-06-01/runtime/';
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function call(method, target, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const data = body === undefined ? undefined : Buffer.from(body);
    if (data) headers['Content-Length'] = data.length;
    const request = http.request({ hostname, port, path: base + target, method, agent, headers }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(parts).toString() }));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(data);
  });
}

function failure(thrown) {
  if (thrown instanceof Error || (thrown && typeof thrown === 'object' && 'message' in thrown)) {
    const trace = String(thrown.stack ?? '').split('\n');
    return { errorType: String(thrown.name ?? 'Error'), errorMessage: String(thrown.message ?? ''), trace };
  }
  return { errorType: typeof thrown, errorMessage: String(thrown), trace: [] };
}

function report(target, told) {
  const headers = { 'Content-Type': 'application/json', 'Lambda-Runtime-Function-Error-Type': told.errorType };
  return call('POST', target, JSON.stringify(told), headers);
}

async function load() {
  const root = env.LAMBDA_TASK_ROOT;
  const name = env._HANDLER;
  const dir = path.dirname(name);
  const [module, ...members] = path.basename(name).split('.');
  if (!members.length) throw named('Runtime.MalformedHandlerName', `Bad handler ${name}`);
  const stem = path.resolve(root, dir, module);
  const file = ['', '.js', '.mjs', '.cjs', '.ts', '.mts'].map((ending) => stem + ending)
    .find((candidate) => fs.existsSync(candidate) && fs.statSync(candidate).isFile());
  if (!file) throw named('Runtime.ImportModuleError', `Error: Cannot find module '${path.join(dir, module)}'`);
  const loaded = await import(pathToFileURL(file).href);
  for (const start of [loaded, loaded.default]) {
    const found = members.reduce((value, member) => value?.[member], start);
    if (typeof found === 'function') return found;
  }
  throw named('Runtime.HandlerNotFound', `${name} is undefined or not exported`);
}

function named(name, message) {
  return Object.assign(new Error(message), { name });
}

function run(handler, event, headers) {
  return new Promise((resolve, reject) => {
    const done = (error, result) => (error === undefined || error === null ? resolve(result) : reject(error));
    const deadline = Number(headers['lambda-runtime-deadline-ms']);
    const context = {
      awsRequestId: headers['lambda-runtime-aws-request-id'],
      invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
      functionName: env.AWS_LAMBDA_FUNCTION_NAME,
      functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
      memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
      logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
      logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
      callbackWaitsForEmptyEventLoop: true,
      getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
      done,
      succeed: resolve,
      fail: (error) => reject(error ?? new Error('Unhandled')),
    };
    const returned = handler(event, context, done);
    if (returned && typeof returned.then === 'function') returned.then(resolve, reject);
  });
}

let current;
for (const [signal, status] of [['unhandledRejection', 128], ['uncaughtException', 129]]) {
  process.on(signal, async (thrown) => {
    console.error(thrown);
    try {
      const told = failure(thrown);
      if (signal === 'unhandledRejection') told.errorType = 'Runtime.UnhandledPromiseRejection';
      await report(current ? `invocation/${current}/error` : 'init/error', told);
    } finally {
      process.exit(status);
    }
  });
}

let handler;
try {
  handler = await load();
} catch (thrown) {
  console.error(thrown);
  await report('init/error', failure(thrown));
  process.exit(1);
}
for (;;) {
  const { headers, body } = await call('GET', 'invocation/next');
  current = headers['lambda-runtime-aws-request-id'];
  env._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id'];
  let result;
  try {
    result = JSON.stringify(await run(handler, JSON.parse(body), headers)) ?? 'null';
  } catch (thrown) {
    console.error(thrown);
    await report(`invocation/${current}/error`, failure(thrown));
    current = undefined;
    continue;
  }
  await call('POST', `invocation/${current}/response`, result, { 'Content-Type': 'application/json' });
  current = undefined;
}
