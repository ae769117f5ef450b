// <apm-map>: the service map is SVG from the server, links and all. This adds what follows the pointer and the keys:
// hovering dims the rest, a drag and Ctrl+wheel move and zoom, arrows walk along edges, a double click focuses, / finds.

import { go, onPage, urlWith } from './nav';

/** A new node fades in; motion is at most this long (ui.md §3). */
const fadeMs = 120;

interface View { x: number; y: number; w: number; h: number }

class ApmMap extends HTMLElement {
  #abort: AbortController | null = null;
  #view: View | null = null;
  #dragged = false;
  #sought = '';
  #focused: string | null = null;
  #address = '';
  #known = new Set<string>();

  connectedCallback(): void {
    this.#abort = new AbortController();
    const options = { signal: this.#abort.signal };
    this.addEventListener('pointerover', event => this.#hover((event.target as Element).closest<SVGElement>('[data-node], [data-edge]')), options);
    this.addEventListener('pointerleave', () => this.#hover(null), options);
    this.addEventListener('focusin', event => {
      const on = (event.target as Element).closest<SVGElement>('[data-node], [data-edge]');
      this.#focused = on?.dataset['node'] ?? null;
      this.#hover(on);
    }, options);
    this.addEventListener('pointerdown', event => this.#drag(event), options);
    this.addEventListener('click', event => { if (this.#dragged) { event.preventDefault(); event.stopPropagation(); } }, { ...options, capture: true });
    this.addEventListener('dblclick', event => this.#focusOn(event), options);
    this.addEventListener('wheel', event => this.#wheel(event), { ...options, passive: false });
    this.addEventListener('keydown', event => this.#key(event), options);
    document.addEventListener('keydown', event => this.#pageKey(event), options);
    this.querySelector('[data-fit]')?.addEventListener('click', () => this.#show(null), options);
    this.addEventListener('input', event => {
      const find = (event.target as Element).closest<HTMLInputElement>('[data-find]');
      if (find) this.#find(this.#sought = find.value);
    }, options);
    this.addEventListener('keydown', event => {
      if (event.key !== 'Enter' || !(event.target as Element).closest('[data-find]')) return;
      event.preventDefault();
      this.querySelector<SVGElement>('[data-node].found')?.focus();
    }, options);
    this.dataset['state'] = 'ready';
    this.#remember();
    all.add(this);
  }

  disconnectedCallback(): void {
    all.delete(this);
    this.#abort?.abort();
  }

  /** A new rendering knows nothing of the zoom. */
  restore(): void {
    this.dataset['state'] = 'ready';
    if (this.#view) this.#show(this.#view);
    this.#welcome();
    this.#keepFocus();
    // Nor what is being sought: a rendering that was on its way when somebody began to type would wipe it out.
    const find = this.querySelector<HTMLInputElement>('[data-find]');
    if (!find || this.#sought === '') return;
    if (find.value !== this.#sought) find.value = this.#sought;
    this.#find(this.#sought);
  }

  #remember(): void {
    this.#address = location.href;
    this.#known = new Set(this.#nodes.map(node => node.dataset['node']!));
  }

  /** A poll that brought a node shows it coming; another page shows all its nodes at once. */
  #welcome(): void {
    if (this.#address === location.href && !matchMedia('(prefers-reduced-motion: reduce)').matches) {
      for (const node of this.#nodes) if (!this.#known.has(node.dataset['node']!)) node.animate([{ opacity: 0 }, { opacity: 1 }], { duration: fadeMs });
    }
    this.#remember();
  }

  /** A merge knows no nodes, only elements: the focused one may be another node's now. */
  #keepFocus(): void {
    const active = document.activeElement as SVGElement | null;
    const node = active && this.contains(active) ? active.dataset['node'] : undefined;
    if (node !== undefined && this.#focused !== null && node !== this.#focused) this.#nodes.find(n => n.dataset['node'] === this.#focused)?.focus({ preventScroll: true });
    else this.#hover(this.querySelector<SVGElement>('[data-node]:hover, [data-edge]:hover, [data-node]:focus, [data-edge]:focus'));
  }

  get #nodes(): SVGElement[] { return [...this.querySelectorAll<SVGElement>('[data-node]')]; }

  /** For tests. */
  inspect(): object {
    return { nodes: this.querySelectorAll('[data-node]').length, edges: this.querySelectorAll('[data-edge]').length, view: this.#svg?.getAttribute('viewBox') };
  }

  get #svg(): SVGSVGElement | null { return this.querySelector('svg.map'); }

  #hover(on: SVGElement | null): void {
    const svg = this.#svg;
    if (!svg) return;
    for (const lit of svg.querySelectorAll('.lit')) lit.classList.remove('lit');
    svg.classList.toggle('dimmed', on !== null);
    if (!on) return;
    const node = on.dataset['node'];
    on.classList.add('lit');
    const names = new Set<string>();
    for (const edge of svg.querySelectorAll<SVGElement>('[data-edge]')) {
      const { from, to } = edge.dataset as { from: string; to: string };
      if (node !== undefined ? from === node || to === node : edge === on) {
        edge.classList.add('lit');
        names.add(from).add(to);
      }
    }
    for (const other of svg.querySelectorAll<SVGElement>('[data-node]')) if (names.has(other.dataset['node']!)) other.classList.add('lit');
  }

  #find(text: string): void {
    const needle = text.trim().toLowerCase();
    const svg = this.#svg;
    if (!svg) return;
    let any = false;
    for (const node of svg.querySelectorAll<SVGElement>('[data-node]')) {
      const found = needle !== '' && `${node.dataset['node']} ${node.dataset['name'] ?? ''}`.toLowerCase().includes(needle);
      node.classList.toggle('found', found);
      node.classList.toggle('lit', found);
      any ||= found;
    }
    svg.classList.toggle('dimmed', any);
  }

  #base(): View {
    const [x, y, w, h] = this.#svg!.dataset['box']!.split(' ').map(Number) as [number, number, number, number];
    return { x, y, w, h };
  }

  #show(view: View | null): void {
    this.#view = view;
    const { x, y, w, h } = view ?? this.#base();
    this.#svg!.setAttribute('viewBox', `${x} ${y} ${w} ${h}`);
  }

  #drag(event: PointerEvent): void {
    const svg = this.#svg;
    this.#dragged = false;
    if (!svg || event.button !== 0 || !svg.contains(event.target as Node)) return;
    const start = this.#view ?? this.#base();
    const box = svg.getBoundingClientRect();
    const scale = Math.max(start.w / box.width, start.h / box.height);
    const abort = new AbortController();
    addEventListener('pointermove', e => {
      if (Math.hypot(e.clientX - event.clientX, e.clientY - event.clientY) < 5 && !this.#dragged) return;
      this.#dragged = true;
      this.#show({ ...start, x: start.x - (e.clientX - event.clientX) * scale, y: start.y - (e.clientY - event.clientY) * scale });
    }, { signal: abort.signal });
    addEventListener('pointerup', () => { abort.abort(); setTimeout(() => { this.#dragged = false; }); }, { signal: abort.signal });
  }

  #wheel(event: WheelEvent): void {
    const svg = this.#svg;
    if (!svg || !event.ctrlKey || !svg.contains(event.target as Node)) return;
    event.preventDefault();
    const view = this.#view ?? this.#base();
    const box = svg.getBoundingClientRect();
    const factor = event.deltaY > 0 ? 1.2 : 1 / 1.2;
    const px = (event.clientX - box.left) / box.width;
    const py = (event.clientY - box.top) / box.height;
    const w = Math.min(this.#base().w * 3, Math.max(200, view.w * factor));
    const h = w / view.w * view.h;
    this.#show({ x: view.x + (view.w - w) * px, y: view.y + (view.h - h) * py, w, h });
  }

  #focusOn(event: MouseEvent): void {
    const node = (event.target as Element).closest<SVGElement>('[data-node]')?.dataset['node'];
    if (node && !node.startsWith('group:')) go(urlWith({ focus: node, panel: null, path: null, goal: null }));
  }

  /** Arrows: along an edge to the right or left, up and down among what stands in the same column. */
  #key(event: KeyboardEvent): void {
    const here = (event.target as Element).closest<SVGElement>('[data-node]');
    if (!here || !event.key.startsWith('Arrow')) return;
    const nodes = [...this.querySelectorAll<SVGElement>('[data-node]')];
    const place = (n: SVGElement) => ({ x: Number(n.dataset['x']), y: Number(n.dataset['y']) });
    const at = place(here);
    const name = here.dataset['node'];
    const edges = [...this.querySelectorAll<SVGElement>('[data-edge]')];
    const ends = event.key === 'ArrowRight' ? edges.filter(e => e.dataset['from'] === name).map(e => e.dataset['to'])
      : event.key === 'ArrowLeft' ? edges.filter(e => e.dataset['to'] === name).map(e => e.dataset['from'])
      : null;
    const sign = event.key === 'ArrowUp' ? -1 : 1;
    const among = nodes.filter(n => n !== here && (ends ? ends.includes(n.dataset['node']) : place(n).x === at.x && (place(n).y - at.y) * sign > 0));
    among.sort((a, b) => Math.abs(place(a).y - at.y) - Math.abs(place(b).y - at.y));
    among[0]?.focus();
    event.preventDefault();
  }

  #pageKey(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if ((event.target as Element).closest?.('input, select, textarea, dialog')) return;
    if (event.key === '/') this.querySelector<HTMLInputElement>('[data-find]')?.focus();
    else if (event.key === 'e') {
      const only = new URL(location.href).searchParams.get('only');
      go(urlWith({ only: only === 'errors' ? null : 'errors' }));
    } else return;
    event.preventDefault();
  }
}

const all = new Set<ApmMap>();
onPage(() => { for (const map of all) map.restore(); });

customElements.define('apm-map', ApmMap);
