// The stage of a case: its photographs, what speaks for one class rather than another, the mask.

import { make, set } from "../../live/page/elements.js";

// Warm for, cold against, as the explorer has it: told apart by every kind of colour vision.
const WARM = [255, 140, 26];
const COLD = [61, 139, 255];
const SIDE_OVER = 512; // pixels of the longer side of what is laid over: a map is smooth, and time is short

/** A pixel a cell, RGBA: the sign as a colour, the size as its strength. */
export function mapPixels(values) {
  const limit = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const pixels = new Uint8ClampedArray(4 * values.length);
  values.forEach((value, index) => {
    pixels.set(value > 0 ? WARM : COLD, 4 * index);
    pixels[4 * index + 3] = limit > 0 ? 190 * (Math.abs(value) / limit) : 0;
  });
  return pixels;
}

/** A map as it came: its values as numbers, and the mask as a picture. */
export async function readMap(news, [values, mask]) {
  const numbers = new Float32Array(
    values.buffer.slice(values.byteOffset, values.byteOffset + values.byteLength),
  );
  const image = await createImageBitmap(new Blob([mask], { type: "image/png" }));
  return { ...news, values: numbers, mask: image };
}

/** A photograph with something laid over it. */
function makeSheet(label) {
  const element = make("figure", "ci-sheet");
  const picture = make("div", "ci-picture");
  // "sync": a picture that is ready stands in the same frame as its case, never one later.
  const image = make("img", "", "", { alt: label, draggable: "false", decoding: "sync" });
  const over = make("canvas", "ci-over", "", { "aria-hidden": "true" });
  const caption = make("figcaption", "ci-caption");
  picture.append(image, over);
  element.append(picture, caption);
  return { element, picture, image, over, caption };
}

/** `chosen(photograph)` is called when somebody chooses another photograph of the specimen. */
export function makeStage({ pictures, chosen, painted }) {
  const element = make("div", "ci-stage");
  const plain = makeSheet("The photograph");
  const mapped = makeSheet("The photograph in grey, below the map");
  const sheets = make("div", "ci-sheets");
  const views = make("div", "ci-views", "", {
    role: "group",
    "aria-label": "Photographs of this specimen",
  });
  const maskBox = make("input", "", "", { type: "checkbox" });
  const maskLabel = make("label", "cw-control");
  maskLabel.append(maskBox, make("span", "", "Show the specimen's mask"));
  const note = make("p", "cw-hint");
  mapped.element.classList.add("ci-mapped");
  sheets.append(plain.element, mapped.element);
  element.append(sheets, views, maskLabel, note);

  let shown = null; // {about, photograph}
  let map = null;
  let mask = null;
  let forget = () => {};

  function sizeOver() {
    const { naturalWidth: wide, naturalHeight: high } = mapped.image;
    const part = Math.min(1, SIDE_OVER / Math.max(1, wide, high));
    return [Math.round(part * wide), Math.round(part * high)];
  }

  function drawOver() {
    const { over } = mapped;
    const context = over.getContext("2d");
    const [wide, high] = sizeOver();
    if (!wide) return;
    over.width = wide;
    over.height = high;
    if (map) {
      const small = new OffscreenCanvas(map.shape[1], map.shape[0]);
      const data = new ImageData(mapPixels(map.values), map.shape[1], map.shape[0]);
      small.getContext("2d").putImageData(data, 0, 0);
      context.imageSmoothingEnabled = true;
      context.imageSmoothingQuality = "high";
      context.drawImage(small, 0, 0, wide, high);
    }
    if (mask && maskBox.checked) {
      // What lies outside of the mask is darkened.
      const dark = new OffscreenCanvas(wide, high);
      const inside = dark.getContext("2d");
      inside.drawImage(mask, 0, 0, wide, high);
      const pixels = inside.getImageData(0, 0, wide, high);
      for (let at = 0; at < pixels.data.length; at += 4) {
        pixels.data[at + 3] = pixels.data[at] > 127 ? 0 : 190;
        pixels.data[at] = pixels.data[at + 1] = pixels.data[at + 2] = 20;
      }
      inside.putImageData(pixels, 0, 0);
      context.drawImage(dark, 0, 0);
    }
  }
  mapped.image.addEventListener("load", () => {
    const [wide, high] = sizeOver();
    if (mapped.over.width !== wide || mapped.over.height !== high) drawOver();
  });
  maskBox.addEventListener("change", drawOver);

  function showViews({ photographs }, current) {
    views.hidden = photographs.length < 2;
    const held = views.contains(document.activeElement);
    views.replaceChildren(
      ...photographs.map((one) => {
        const button = make("button", "ci-view", "", {
          type: "button",
          "aria-pressed": String(one.number === current),
          title: one.file,
        });
        const image = make("img", "", "", { alt: "", draggable: "false" });
        pictures.when(one.number, false, ({ url }) => url && (image.src = url));
        button.append(image, make("span", "", one.view || one.given_view || "view not known"));
        button.addEventListener("click", () => chosen(one.number));
        return button;
      }),
    );
    if (held) views.querySelector("[aria-pressed=true]")?.focus();
  }

  function show(about, photograph, { hasNetwork }) {
    shown = { about, photograph };
    map = mask = null;
    maskBox.checked = false;
    const one = about.photographs.find(({ number }) => number === photograph);
    mapped.element.hidden = maskLabel.hidden = !hasNetwork;
    set(plain.caption, {
      textContent: [one.view || "view not known", one.region].filter(Boolean).join(", "),
    });
    set(mapped.caption, { textContent: hasNetwork ? "The network is asked again ..." : "" });
    note.textContent = "";
    mapped.over.width = mapped.over.height = 1;
    plain.image.alt = `Photograph of ${about.name}, ${one.view || "view not known"}`;
    showViews(about, photograph);
    const place = (found) => {
      if (shown?.photograph !== photograph || shown.about.case !== about.case) return;
      note.textContent = found.problem;
      note.classList.toggle("cw-error", Boolean(found.problem));
      plain.picture.hidden = !found.url;
      if (!found.url) return painted();
      mapped.image.src = found.url;
      plain.image.src = found.url;
      plain.image.decode().then(painted, painted);
    };
    // The small one stands there at once; the case is open when the large one does.
    const large = pictures.get(photograph, true);
    const small = large ? null : pictures.get(photograph, false);
    plain.picture.hidden = false;
    if (small?.url) plain.image.src = mapped.image.src = small.url;
    else if (!large?.url) {
      plain.image.removeAttribute("src");
      mapped.image.removeAttribute("src");
    }
    forget();
    forget = pictures.when(photograph, true, place);
  }

  return {
    element,
    show,
    photograph: () => shown?.photograph ?? -1,
    /** `news` has `values`, `shape`, `mask` (an ImageBitmap), `sum` and why the mask fails. */
    map(news, target, other) {
      map = news;
      mask = news.mask;
      const sign = news.sum >= 0 ? "+" : "\u2212";
      mapped.caption.replaceChildren(
        make("span", "ci-warm", `for ${target}`),
        make("span", "ci-cold", `for ${other}`),
        make("span", "ci-sum", `${sign}${Math.abs(news.sum).toFixed(2)} in all`),
      );
      if (news.mask_problem)
        note.textContent = `Do not trust the mask: ${news.mask_problem} A button beside the matched places of a neighbour does that.`;
      drawOver();
    },
    noMap(reason) {
      mapped.caption.textContent = reason;
    },
    enlarge() {
      element.classList.toggle("ci-enlarged");
    },
    sheet: plain,
  };
}
