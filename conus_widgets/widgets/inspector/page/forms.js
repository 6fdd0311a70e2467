// Forms within a notebook.

/** Enter in a field saves: within JupyterLab a form does not always do that by itself. */
export function enterSaves(form) {
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    const isField = event.target.tagName === "INPUT" || event.target.tagName === "TEXTAREA";
    if (!isField || (event.target.tagName === "TEXTAREA" && event.shiftKey)) return;
    event.preventDefault();
    event.stopPropagation();
    form.requestSubmit();
  });
}
