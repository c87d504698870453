/**
 * The service worker: everything that the page is made of, kept for when there is no network, and the headers that let it use all cores on
 * hosts that send none (`require-corp`). It never reloads the page: from the second visit on it serves it.
 */

/** The part of a service worker's global scope that is used here: a page's types do not know it. */
interface Scope {
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install' | 'activate', listener: (event: LifeEvent) => void): void;
  addEventListener(type: 'fetch', listener: (event: RequestEvent) => void): void;
  readonly registration: { readonly scope: string };
}
interface LifeEvent {
  waitUntil(work: Promise<unknown>): void;
}
interface RequestEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

const scope = self as unknown as Scope;
/** Names the build: the page's files as they were then. */
const VERSION = '__VERSION__';
const PREFIX = 'esp32-llm-studio ';
const NAME = PREFIX + VERSION;

const HEADERS = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
};

async function keepAll(): Promise<void> {
  const files = (await (await fetch('./files.json')).json()) as string[];
  const cache = await caches.open(NAME);
  await cache.addAll(files.map((path) => new Request(path, { cache: 'no-cache' })));
}

async function forgetOthers(): Promise<void> {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(PREFIX) && name !== NAME);
  await Promise.all(old.map((name) => caches.delete(name)));
}

function withHeaders(response: Response): Response {
  if (response.status === 0 || response.type === 'opaque') return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}

async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(NAME);
  const wanted = request.mode === 'navigate' ? scope.registration.scope : request;
  const kept = await cache.match(wanted, { ignoreSearch: true });
  return withHeaders(kept ?? (await fetch(request)));
}

scope.addEventListener('install', (event) => event.waitUntil(keepAll()));
scope.addEventListener('activate', (event) => event.waitUntil(forgetOthers()));
scope.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method === 'GET' && request.url.startsWith(scope.registration.scope))
    event.respondWith(answer(request));
});
