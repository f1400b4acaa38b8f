// The official JavaScript client of Jupyter against a running server: the calls that JupyterLab makes.
// usage: node services.test.mjs; FARCELL_URL and FARCELL_TOKEN say where the server is.
import assert from 'node:assert/strict';
import { File } from 'node:buffer';
import test, { after } from 'node:test';
import coreutils from '@jupyterlab/coreutils';
import services from '@jupyterlab/services';

globalThis.File ??= File; // Node.js 18 has it here only

// Pages of JupyterLab carry this in their HTML; without it the client refuses to ask for terminals.
coreutils.PageConfig.setOption('terminalsAvailable', 'true');

// A disposed Poll of Lumino leaves its timer of a minute behind, which would keep this process.
const plainTimeout = globalThis.setTimeout;
globalThis.setTimeout = (action, ms, ...rest) => {
  const timer = plainTimeout(action, ms, ...rest);
  return ms > 40000 ? timer.unref() : timer;
};

const {
  ContentsManager, Drive, KernelManager, KernelSpecManager, ServerConnection, SessionManager,
  TerminalManager, UserAPI
} = services;

const baseUrl = process.env.FARCELL_URL;
const token = process.env.FARCELL_TOKEN;
const serverSettings = ServerConnection.makeSettings({
  baseUrl, token, wsUrl: baseUrl.replace(/^http/, 'ws'), appUrl: '/lab', appendToken: true
});
const options = { serverSettings };
const isFarcell = process.env.FARCELL_SERVER === 'farcelld';
const disposables = [];
const manage = manager => (disposables.push(manager), manager);

// Resolves at the first emission for which `test` holds; fails by name instead of hanging.
function until(signal, predicate, what, ms = 30000) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      signal.disconnect(slot);
      reject(new Error(`waited ${ms} ms for ${what}`));
    }, ms);
    function slot(_, value) {
      if (predicate(value)) {
        clearTimeout(timer);
        signal.disconnect(slot);
        resolve(value);
      }
    }
    signal.connect(slot);
  });
}

const kernelManager = manage(new KernelManager(options));
const contents = manage(new ContentsManager({ defaultDrive: new Drive(options) }));

async function run(kernel, code, { onOutput, onStdin, ...content } = {}) {
  const outputs = [];
  const future = kernel.requestExecute({ code, ...content });
  future.onIOPub = message => {
    if (['stream', 'display_data', 'execute_result', 'error'].includes(message.header.msg_type)) {
      outputs.push(message);
      onOutput?.(message);
    }
  };
  if (onStdin) {
    future.onStdin = onStdin;
  }
  const reply = await future.done;
  return { reply: reply.content, outputs };
}
const textOf = outputs => outputs.filter(o => o.header.msg_type === 'stream')
  .map(o => o.content.text).join('');

test('kernelspecs name a default and give its resources', { timeout: 90000 }, async () => {
  const specs = manage(new KernelSpecManager(options));
  await specs.ready;
  const python = specs.specs.kernelspecs.python3;
  assert.equal(python.language, 'python');
  assert.ok(python.argv.length > 0);
  assert.ok(specs.specs.kernelspecs[specs.specs.default]);
  for (const url of Object.values(python.resources)) {
    const answer = await ServerConnection.makeRequest(new URL(url, baseUrl).href, {}, serverSettings);
    assert.equal(answer.status, 200, url);
  }
});

test('a kernel runs code, completes, inspects, is interrupted, restarts and ends', { timeout: 90000 }, async t => {
  const kernel = await kernelManager.startNew({ name: 'python3' });
  t.after(() => kernel.dispose());
  assert.equal((await kernel.info).language_info.name, 'python');

  const hello = await run(kernel, 'print("hello"); 6 * 7');
  assert.equal(hello.reply.status, 'ok');
  assert.equal(textOf(hello.outputs), 'hello\n');
  const result = hello.outputs.find(o => o.header.msg_type === 'execute_result');
  assert.equal(result.content.data['text/plain'], '42');

  const failed = await run(kernel, '1 / 0');
  assert.equal(failed.reply.ename, 'ZeroDivisionError');
  assert.equal(failed.outputs.at(-1).header.msg_type, 'error');

  const completion = await kernel.requestComplete({ code: 'import os; os.pat', cursor_pos: 17 });
  assert.ok(completion.content.matches.some(match => match.endsWith('path')));
  const inspection = await kernel.requestInspect({ code: 'print', cursor_pos: 5, detail_level: 0 });
  assert.ok(inspection.content.found);

  const slow = run(kernel, 'import time\nprint("started", flush=True)\ntime.sleep(60)', {
    onOutput: message => message.content.text?.startsWith('started') && kernel.interrupt()
  });
  assert.equal((await slow).reply.ename, 'KeyboardInterrupt');

  await run(kernel, 'kept = 1');
  await kernel.restart();
  assert.equal((await run(kernel, 'kept')).reply.ename, 'NameError');

  await kernelManager.refreshRunning();
  assert.ok([...kernelManager.running()].some(model => model.id === kernel.id));
  const { id } = kernel;
  await kernel.shutdown();
  await kernelManager.refreshRunning();
  assert.ok(![...kernelManager.running()].some(model => model.id === id));
});

test('input() is answered, and binary buffers go both ways', { timeout: 90000 }, async t => {
  const kernel = await kernelManager.startNew({ name: 'python3' });
  t.after(() => kernel.shutdown());

  const asked = await run(kernel, 'print("got", input("name? "))', {
    allow_stdin: true,
    onStdin: message => {
      assert.equal(message.content.prompt, 'name? ');
      kernel.sendInputReply({ value: 'Ada', status: 'ok' }, message.header);
    }
  });
  assert.match(textOf(asked.outputs), /got Ada/);

  await run(kernel, [
    'def opened(comm, message):',
    '    @comm.on_msg',
    '    def echo(message):',
    '        comm.send({"n": len(message["buffers"])}, buffers=[bytes(b)[::-1] for b in message["buffers"]])',
    'get_ipython().kernel.comm_manager.register_target("echo", opened)'
  ].join('\n'));
  const comm = kernel.createComm('echo');
  const answered = new Promise(resolve => { comm.onMsg = resolve; });
  await comm.open().done;
  await comm.send({}, undefined, [new Uint8Array([1, 2, 255]).buffer]).done;
  const answer = await answered;
  assert.deepEqual(answer.content.data, { n: 1 });
  const buffer = answer.buffers[0];
  assert.deepEqual([...new Uint8Array(buffer.buffer ?? buffer, buffer.byteOffset ?? 0, 3)], [255, 2, 1]);
});

test('two clients of one kernel both see its output', { timeout: 90000 }, async t => {
  const first = await kernelManager.startNew({ name: 'python3' });
  t.after(() => first.shutdown());
  await first.info;
  const second = kernelManager.connectTo({ model: first.model });
  t.after(() => second.dispose());
  await second.info;

  const seen = until(second.anyMessage, ({ direction, msg }) => direction === 'recv'
    && msg.header.msg_type === 'stream' && msg.content.text.includes('shared'), 'the other client');
  await run(first, 'print("shared")');
  await seen;
});

test('what Jupyter does not know is not sent to its clients', { timeout: 90000, skip: !isFarcell }, async t => {
  const kernel = await kernelManager.startNew({ name: 'python3' });
  t.after(() => kernel.shutdown());
  await kernel.info;
  const complaints = [];
  const { error, warn } = console;
  console.error = console.warn = (...words) => complaints.push(words.join(' '));
  t.after(() => Object.assign(console, { error, warn }));
  const types = new Set();
  kernel.anyMessage.connect((_, { direction, msg }) => direction === 'recv' && types.add(msg.header.msg_type));

  assert.equal(textOf((await run(kernel, 'print("one")')).outputs), 'one\n');
  assert.equal((await run(kernel, '1 / 0')).reply.status, 'error');
  assert.equal((await run(kernel, '2')).reply.status, 'ok');
  assert.ok(![...types].some(type => type.startsWith('farcell_')), [...types].join());
  assert.deepEqual(complaints, []);
});

test('a session follows its notebook and ends with its kernel', { timeout: 90000 }, async t => {
  const sessions = manage(new SessionManager({ ...options, kernelManager }));
  await sessions.ready;
  const session = await sessions.startNew(
    { path: 'one.ipynb', name: 'one.ipynb', type: 'notebook', kernel: { name: 'python3' } });
  t.after(() => session.dispose());
  assert.equal((await run(session.kernel, '1 + 1')).reply.status, 'ok');

  const again = await sessions.findByPath('one.ipynb');
  assert.equal(again.id, session.id);
  await session.setPath('two.ipynb');
  await session.setName('two.ipynb');
  await sessions.refreshRunning();
  assert.equal((await sessions.findById(session.id)).path, 'two.ipynb');

  const before = session.kernel.id;
  const replaced = await session.changeKernel({ name: 'python3' });
  assert.notEqual(replaced.id, before);
  assert.equal((await run(replaced, '2 + 2')).reply.status, 'ok');

  await sessions.shutdown(session.id);
  await sessions.refreshRunning();
  assert.equal([...sessions.running()].length, 0);
});

test('contents: notebooks, text and bytes, folders, rename, copy, delete', { timeout: 90000 }, async () => {
  const folder = await contents.newUntitled({ type: 'directory' });
  const notebook = await contents.newUntitled({ path: folder.path, type: 'notebook' });
  assert.equal(notebook.type, 'notebook');
  const cell = { cell_type: 'code', execution_count: null, id: 'a', metadata: {}, outputs: [], source: 'x = 1' };
  const content = { cells: [cell], metadata: {}, nbformat: 4, nbformat_minor: 5 };
  const saved = await contents.save(notebook.path, { type: 'notebook', format: 'json', content });
  const read = await contents.get(notebook.path);
  assert.equal(read.content.cells[0].source, 'x = 1');
  assert.equal(read.last_modified, saved.last_modified);
  assert.equal((await contents.get(notebook.path, { content: false })).content, null);

  const text = 'Zwölf Boxkämpfer\n\u{1f680}\n';
  await contents.save(`${folder.path}/a.txt`, { type: 'file', format: 'text', content: text });
  assert.equal((await contents.get(`${folder.path}/a.txt`)).content, text);
  const bytes = Buffer.from([0, 1, 254, 255]).toString('base64');
  await contents.save(`${folder.path}/b.bin`, { type: 'file', format: 'base64', content: bytes });
  const binary = await contents.get(`${folder.path}/b.bin`, { type: 'file', format: 'base64', content: true });
  assert.equal(binary.content.trim(), bytes);
  const url = await contents.getDownloadUrl(`${folder.path}/a.txt`);
  const file = await ServerConnection.makeRequest(url, {}, serverSettings);
  assert.equal(await file.text(), text);

  const moved = await contents.rename(`${folder.path}/a.txt`, `${folder.path}/c d.txt`);
  assert.equal(moved.path, `${folder.path}/c d.txt`);
  const copy = await contents.copy(moved.path, folder.path);
  assert.notEqual(copy.path, moved.path);
  const names = (await contents.get(folder.path)).content.map(entry => entry.name).sort();
  assert.deepEqual(names, [notebook.name, 'b.bin', 'c d.txt', copy.name].sort());

  for (const name of names) {
    await contents.delete(`${folder.path}/${name}`);
  }
  await contents.delete(folder.path);
  await assert.rejects(contents.get(folder.path), error => error.response.status === 404);
});

test('contents: checkpoints and an upload in pieces', { timeout: 90000 }, async () => {
  const model = await contents.newUntitled({ type: 'file', ext: '.txt' });
  await contents.save(model.path, { type: 'file', format: 'text', content: 'first' });
  const checkpoint = await contents.createCheckpoint(model.path);
  await contents.save(model.path, { type: 'file', format: 'text', content: 'second' });
  assert.deepEqual((await contents.listCheckpoints(model.path)).map(c => c.id), [checkpoint.id]);
  await contents.restoreCheckpoint(model.path, checkpoint.id);
  assert.equal((await contents.get(model.path)).content, 'first');
  await contents.deleteCheckpoint(model.path, checkpoint.id);
  assert.deepEqual(await contents.listCheckpoints(model.path), []);

  const parts = ['one-', 'two-', 'three'];
  for (const [index, part] of parts.entries()) {
    const chunk = index === parts.length - 1 ? -1 : index + 1;
    await contents.save(model.path, {
      type: 'file', format: 'base64', chunk, content: Buffer.from(part).toString('base64')
    });
  }
  assert.equal((await contents.get(model.path)).content, 'one-two-three');
  await contents.delete(model.path);
});

test('a terminal echoes, is listed and ends', { timeout: 90000 }, async () => {
  const terminals = manage(new TerminalManager(options));
  await terminals.ready;
  const terminal = await terminals.startNew();
  let shown = '';
  const answered = until(terminal.messageReceived, message => {
    if (message.type === 'stdout') {
      shown += message.content.join('');
    }
    return shown.includes('sum=42');
  }, 'the terminal');
  terminal.send({ type: 'set_size', content: [24, 80, 480, 640] });
  terminal.send({ type: 'stdin', content: ['echo sum=$((6*7))\r'] });
  await answered;
  await terminals.refreshRunning();
  assert.ok([...terminals.running()].some(model => model.name === terminal.name));
  await terminals.shutdown(terminal.name);
  await terminals.refreshRunning();
  assert.equal([...terminals.running()].length, 0);
});

test('a wrong token is refused', { timeout: 90000 }, async () => {
  const settings = ServerConnection.makeSettings({ baseUrl, token: 'wrong', wsUrl: serverSettings.wsUrl });
  const answer = await ServerConnection.makeRequest(`${baseUrl}api/kernels`, {}, settings);
  assert.ok([401, 403].includes(answer.status));
});

test('what newer clients ask for', { timeout: 90000, skip: !isFarcell && 'jupyter_server 1 lacks it' }, async () => {
  // Not UserManager: it keeps the user in the browser's storage.
  const user = await new UserAPI.UserAPIClient(options).get();
  assert.ok(user.identity.username && user.identity.name);
  const model = await contents.newUntitled({ type: 'file', ext: '.txt' });
  await contents.save(model.path, { type: 'file', format: 'text', content: 'x' });
  const hashed = await contents.get(model.path, { content: true, hash: true });
  assert.match(hashed.hash, /^[0-9a-f]+$/);
  assert.ok(hashed.hash_algorithm);
  await contents.delete(model.path);
  const gone = await ServerConnection.makeRequest(
    `${baseUrl}api/contents/none.txt`, { method: 'PATCH', body: '{"path": "b.txt"}' }, serverSettings);
  assert.equal(gone.status, 404);
});

after(() => {
  for (const one of disposables) {
    one.dispose();
  }
});
