// <apm-fragment for="form-id" url="/ui/fragment/…">: shows HTML that the server makes of a form's fields while they are typed.

class ApmFragment extends HTMLElement {
  #timer = 0;
  #abort: AbortController | null = null;
  #undo: (() => void) | null = null;

  connectedCallback(): void {
    const form = document.getElementById(this.getAttribute('for') ?? '');
    if (!form) return;
    const typed = () => {
      clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => void this.#load(form as HTMLFormElement), 150);
    };
    form.addEventListener('input', typed);
    form.addEventListener('focusin', typed);
    this.#undo = () => {
      form.removeEventListener('input', typed);
      form.removeEventListener('focusin', typed);
    };
  }

  disconnectedCallback(): void {
    clearTimeout(this.#timer);
    this.#abort?.abort();
    this.#undo?.();
  }

  async #load(form: HTMLFormElement): Promise<void> {
    this.#abort?.abort();
    const abort = this.#abort = new AbortController();
    const url = new URL(this.getAttribute('url')!, location.href);
    for (const [key, value] of new FormData(form)) if (typeof value === 'string') url.searchParams.set(key, value);
    try {
      const response = await fetch(url, { signal: abort.signal });
      const html = response.ok ? await response.text() : '';
      this.innerHTML = html;
      this.dataset['state'] = html.trim() === '' ? 'empty' : 'ready';
    } catch {
      if (!abort.signal.aborted) this.dataset['state'] = 'error';
    }
  }
}

customElements.define('apm-fragment', ApmFragment);
