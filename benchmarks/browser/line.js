// The messages of widgets, as they pass the line between page and kernel: heard without touching the
// widget's code. The page's WebSocket is replaced before anything else runs.
//
// `window.line.onSent(content)` is called when a widget sends, `onHeard(content, buffers)` when
// something for a widget arrives; `content` is the widget's own message.
window.line = (() => {
  const line = { onSent() {}, onHeard() {} };
  const text = new TextDecoder();

  /** The widget's message in one of Jupyter's (protocol v1.kernel.websocket.jupyter.org), or null. */
  function read(data) {
    if (!(data instanceof ArrayBuffer)) return null;
    const view = new DataView(data);
    const count = Number(view.getBigUint64(0, true));
    const offset = (i) => Number(view.getBigUint64(8 * (i + 1), true));
    const part = (i) => data.slice(offset(i), offset(i + 1));
    const json = (i) => JSON.parse(text.decode(part(i)));
    if (json(1).msg_type !== "comm_msg") return null;
    const { method, content } = json(4).data;
    if (method !== "custom") return null;
    const buffers = Array.from({ length: count - 6 }, (_, i) => part(i + 5));
    return { content, buffers };
  }

  window.WebSocket = class extends WebSocket {
    constructor(...address) {
      super(...address);
      this.addEventListener("message", ({ data }) => {
        const message = read(data);
        if (message) line.onHeard(message.content, message.buffers);
      });
    }
    send(data) {
      const message = read(data.buffer ?? data);
      if (message) line.onSent(message.content);
      super.send(data);
    }
  };
  return line;
})();
