// What every island shares: an open shadow root, a state that tests and screen readers can see, and one fetch in flight.

import { onPage } from './nav';

export type State = 'loading' | 'ready' | 'empty' | 'error';

const islands = new Set<Island>();
onPage(() => { for (const island of islands) island.restore(); });

export abstract class Island extends HTMLElement {
  protected readonly root: ShadowRoot;

  /** False until it is on the page and set up. An element that was there before its script is told of each attribute first, as if it had changed. */
  protected isStarted = false;
  #state: State = 'loading';
  #abort: AbortController | null = null;
  #etag = '';
  #cleanup: (() => void)[] = [];

  constructor(style: string) {
    super();
    this.root = this.attachShadow({ mode: 'open' });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(style);
    this.root.adoptedStyleSheets = [sheet];
  }

  connectedCallback(): void {
    islands.add(this);
    this.isStarted = true;
    this.restore();
  }

  disconnectedCallback(): void {
    islands.delete(this);
    this.isStarted = false;
    this.#abort?.abort();
    for (const undo of this.#cleanup.splice(0)) undo();
  }

  /** Server-rendered pages know nothing of these attributes; a navigation takes them away. */
  restore(): void {
    this.state = this.#state;
  }

  get state(): State { return this.#state; }

  set state(value: State) {
    this.#state = value;
    if (this.dataset['state'] !== value) this.dataset['state'] = value;
    this.setAttribute('aria-busy', String(value === 'loading'));
  }

  /** Undone when the island leaves the page. */
  protected listen<K extends keyof WindowEventMap>(target: EventTarget, name: K | string, handler: (event: never) => void, options?: AddEventListenerOptions): void {
    target.addEventListener(name, handler as EventListener, options);
    this.#cleanup.push(() => target.removeEventListener(name, handler as EventListener, options));
  }

  protected onDisconnect(undo: () => void): void {
    this.#cleanup.push(undo);
  }

  /** Gets JSON. Null when a newer request took over, or nothing changed since the last one of this address. */
  protected async fetchJson<T>(src: string): Promise<T | null> {
    this.#abort?.abort();
    const abort = this.#abort = new AbortController();
    try {
      const response = await fetch(src, { signal: abort.signal, headers: { accept: 'application/json' } });
      if (!response.ok) throw new Error(await reason(response));
      const etag = src + (response.headers.get('etag') ?? '');
      if (etag === this.#etag && this.#state === 'ready' && response.headers.has('etag')) return null;
      const data = await response.json() as T;
      this.#etag = etag;
      return data;
    } catch (error) {
      if (abort.signal.aborted) return null;
      throw error;
    }
  }
}

async function reason(response: Response): Promise<string> {
  const text = (await response.text()).slice(0, 300);
  return response.headers.get('content-type')?.startsWith('text/plain') && text
    ? text
    : `The server answered ${response.status} ${response.statusText}.`;
}

/** Makes an element: `el('td', { class: 'num' }, 'text', child)`. Attributes that are false or null are left out. */
export function el(tag: string, attributes: Record<string, string | number | boolean | null> = {}, ...children: (Node | string)[]): HTMLElement {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== false && value !== null) element.setAttribute(key, value === true ? '' : String(value));
  }
  element.append(...children);
  return element;
}

/** A failure in place of the content, with a way to try again. */
export function failure(message: string, retry: () => void): HTMLElement {
  const button = el('button', { type: 'button' }, 'Retry');
  button.addEventListener('click', retry);
  return el('div', { class: 'failure', role: 'alert' }, el('span', {}, message), button);
}
