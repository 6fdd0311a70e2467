// One map drawn over its photograph on a canvas.

import { AGAINST, FOR, LEVELS, paint, partOf } from "./colours.js";
import { edges, placeOf } from "./geometry.js";

const GRID_FROM = 12; // CSS pixels: smaller cells get no lines
const SIGN_FROM = 40; // and smaller ones no sign
const AROUND = "#111"; // beside the photograph

const solid = ([r, g, b], alpha = 1) => `rgba(${r}, ${g}, ${b}, ${alpha})`;

function makeRaster(width, height, pixels, canvas = document.createElement("canvas")) {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  canvas.getContext("2d").putImageData(new ImageData(pixels, width, height), 0, 0);
  return canvas;
}

/** The map as a small picture, a pixel a cell; made again only when something of it changes. */
function rasterOf(map, limit, style, opacity) {
  const key = `${limit} ${style} ${opacity}`;
  if (map.raster?.key !== key) {
    const raster = makeRaster(map.columns, map.rows, paint(map.values, limit, style, opacity));
    map.raster = { key, canvas: raster };
  }
  return map.raster.canvas;
}

/** A photograph in grey, made once: on it the map's colours cannot be taken for the shell's own. */
export function greyOf(bitmap) {
  const canvas = document.createElement("canvas");
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  const context = canvas.getContext("2d");
  context.filter = "grayscale(1)";
  context.drawImage(bitmap, 0, 0);
  return canvas;
}

/**
 * What every pixel of size * size would show if it were covered: one `flat` colour, or the pixels of a
 * `source` that lie `shift` away. A number each, made of its four bytes.
 */
export function coverPixels(size, { flat, source, shift }) {
  const pixels = new Uint8ClampedArray(4 * size * size).fill(255);
  const inside = (at) => Math.min(size - 1, Math.max(0, at));
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i++) {
      const from = 3 * (inside(y + shift[1]) * size + inside(x + shift[0]));
      for (let c = 0; c < 3; c++) pixels[4 * i + c] = source ? source[from + c] : flat[c];
    }
  }
  return new Uint32Array(pixels.buffer);
}

/** The covered pixels as the network sees them: a picture of size * size, clear elsewhere; on `canvas`. */
export function coverRaster({ size, mask, box }, covered, canvas) {
  const pixels = new Uint32Array(size * size);
  for (let i = 0; i < pixels.length; i++) if (mask[i]) pixels[i] = covered[i];
  makeRaster(size, size, new Uint8ClampedArray(pixels.buffer), canvas);
  return { canvas, box: box(), outline: edges(mask, size, size, 1) };
}

function trace(context, place, lines) {
  context.beginPath();
  for (const [u0, v0, u1, v1] of lines) {
    context.moveTo(place.x + u0 * place.width, place.y + v0 * place.height);
    context.lineTo(place.x + u1 * place.width, place.y + v1 * place.height);
  }
  context.stroke();
}

/**
 * Level and upright lines that can be seen on anything: dark below, light on top. As rectangles: to
 * stroke the jagged edge of a painted area takes ten times as long.
 */
function traceTwice(context, place, lines, colour, width) {
  for (const [style, wide] of [
    ["#1a1a1a", width + 2],
    [colour, width],
  ]) {
    context.fillStyle = style;
    for (const [u0, v0, u1, v1] of lines) {
      const [x, y] = [
        place.x + Math.min(u0, u1) * place.width,
        place.y + Math.min(v0, v1) * place.height,
      ];
      const [w, h] = [Math.abs(u1 - u0) * place.width, Math.abs(v1 - v0) * place.height];
      context.fillRect(x - wide / 2, y - wide / 2, w + wide, h + wide);
    }
  }
}

function drawGrid(context, place, { rows, columns }) {
  if (Math.min(place.width / columns, place.height / rows) < GRID_FROM) return;
  const lines = [];
  for (let row = 1; row < rows; row++) lines.push([0, row / rows, 1, row / rows]);
  for (let column = 1; column < columns; column++)
    lines.push([column / columns, 0, column / columns, 1]);
  context.setLineDash([]);
  context.strokeStyle = "rgba(160, 160, 160, 0.35)";
  context.lineWidth = 1;
  trace(context, place, lines);
}

function drawSigns(context, place, { values, rows, columns }, limit) {
  const [width, height] = [place.width / columns, place.height / rows];
  if (Math.min(width, height) < SIGN_FROM) return;
  context.font = "600 13px system-ui, sans-serif";
  context.textAlign = "left";
  context.textBaseline = "bottom";
  for (let i = 0; i < values.length; i++) {
    const part = partOf(values[i], limit);
    if (Math.abs(part) < 0.25) continue;
    const [x, y] = [
      place.x + (i % columns) * width + 6,
      place.y + (Math.floor(i / columns) + 1) * height - 4,
    ];
    context.strokeStyle = "rgba(0, 0, 0, 0.6)";
    context.lineWidth = 3;
    context.strokeText(part > 0 ? "+" : "\u2212", x, y);
    context.fillStyle = "white";
    context.fillText(part > 0 ? "+" : "\u2212", x, y);
  }
}

function drawContours(context, place, map, limit) {
  if (!(limit > 0)) return;
  for (const [sign, colour] of [
    [1, FOR],
    [-1, AGAINST],
  ]) {
    for (const level of LEVELS) {
      const lines = edges(map.values, map.rows, map.columns, sign * level * limit);
      const fine = map.rows > 60;
      if (fine && level !== 0.5) continue;
      traceTwice(context, place, lines, solid(colour), fine ? 1 : 1 + 2 * level);
    }
  }
}

function drawBox(context, place, { row, column }, rows, columns, text = "") {
  const [u, v, w, h] = [column / columns, row / rows, 1 / columns, 1 / rows];
  const lines = [
    [u, v, u + w, v],
    [u + w, v, u + w, v + h],
    [u + w, v + h, u, v + h],
    [u, v + h, u, v],
  ];
  traceTwice(context, place, lines, "white", 2);
  if (!text) return;
  const [x, y] = [place.x + (u + w) * place.width - 10, place.y + v * place.height + 10];
  context.fillStyle = "rgba(0, 0, 0, 0.8)";
  context.beginPath();
  context.arc(x, y, 9, 0, 2 * Math.PI);
  context.fill();
  context.fillStyle = "white";
  context.font = "600 12px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(text, x, y + 0.5);
}

/** Where a cell looks: not in the middle of its square (explain/centres.py). */
function drawSpot(context, place, { row, column, rows, columns, shift }) {
  const [u, v] = [(column + 0.5) / columns + shift, (row + 0.5) / rows + shift];
  context.beginPath();
  context.arc(place.x + u * place.width, place.y + v * place.height, 4, 0, 2 * Math.PI);
  context.fillStyle = "white";
  context.strokeStyle = "rgba(0, 0, 0, 0.75)";
  context.lineWidth = 2;
  context.stroke();
  context.fill();
}

function drawCross(context, place, { u, v }) {
  const [x, y] = [place.x + u * place.width, place.y + v * place.height];
  const arm = (dx, dy) => [(x + dx - place.x) / place.width, (y + dy - place.y) / place.height];
  const lines = [
    [...arm(-9, 0), ...arm(9, 0)],
    [...arm(0, -9), ...arm(0, 9)],
  ];
  traceTwice(context, place, lines, "white", 2);
}

function drawBrush(context, { x, y, radius }) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.strokeStyle = "rgba(0, 0, 0, 0.75)";
  context.lineWidth = 3.5;
  context.stroke();
  context.strokeStyle = "white";
  context.lineWidth = 1.5;
  context.stroke();
}

/** Nothing shines through it: if the browser blends without a graphics card, that takes a third less. */
function opaque(canvas) {
  const context = canvas.getContext("2d", { alpha: false });
  context.fillStyle = AROUND;
  return context;
}

const backdrops = new WeakMap(); // canvas on the page -> {made, layer}

/** Photograph, map and grid: drawn when one of them changes, not at each step of the pointer. */
function backdropOf(canvas, place, ratio, what) {
  const { picture, map, limit, style, opacity } = what;
  const made = [
    picture,
    map?.values,
    limit,
    style,
    opacity,
    canvas.width,
    canvas.height,
    ratio,
    ...Object.values(place),
  ];
  const kept = backdrops.get(canvas);
  if (kept?.made.every((one, i) => one === made[i])) return kept.layer;
  const layer = kept?.layer ?? document.createElement("canvas");
  backdrops.set(canvas, { made, layer });
  Object.assign(layer, { width: canvas.width, height: canvas.height }); // as if it were new
  const context = opaque(layer);
  context.fillRect(0, 0, layer.width, layer.height);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  put(context, place, picture, "high");
  if (!map || style === "none") return layer;
  if (style === "contours") drawContours(context, place, map, limit);
  // A cell is drawn as a cell: a smoothed map would look sharper than it is.
  else put(context, place, rasterOf(map, limit, style, opacity), "");
  drawGrid(context, place, map);
  if (["grey", "colours"].includes(style)) drawSigns(context, place, map, limit);
  return layer;
}

function put(context, place, picture, quality) {
  context.imageSmoothingEnabled = quality !== "";
  if (quality) context.imageSmoothingQuality = quality;
  context.drawImage(picture, place.x, place.y, place.width, place.height);
}

/** Only what is covered, as it is: a photograph's worth of clear pixels takes as long as any. */
function drawCover(context, place, { canvas, box: { left, top, right, bottom } }) {
  const [across, down] = [place.width / canvas.width, place.height / canvas.height];
  const [width, height] = [right - left, bottom - top];
  context.imageSmoothingEnabled = false;
  context.drawImage(
    canvas,
    left,
    top,
    width,
    height,
    place.x + left * across,
    place.y + top * down,
    width * across,
    height * down,
  );
}

/**
 * Draws everything. `what`: picture, photograph {width, height}, view, map or null, limit, style,
 * opacity, cover ({canvas, box, outline}) or null, cells {rows, columns}, cursor, pins, source, brush.
 */
export function drawScene(canvas, what) {
  const ratio = window.devicePixelRatio || 1;
  const size = { width: canvas.clientWidth, height: canvas.clientHeight };
  const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = opaque(canvas);
  context.resetTransform();
  if (!what.picture || !size.width) return context.fillRect(0, 0, width, height);
  const place = placeOf(size, what.photograph, what.view);
  context.drawImage(backdropOf(canvas, place, ratio, what), 0, 0);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  if (what.cover) {
    drawCover(context, place, what.cover);
    traceTwice(context, place, what.cover.outline, "white", 1.5);
  }
  const { rows, columns } = what.cells;
  for (const [number, pin] of what.pins)
    drawBox(context, place, pin, rows, columns, String(number));
  if (what.cursor) drawBox(context, place, what.cursor, what.cursor.rows, what.cursor.columns);
  if (what.cursor?.shift) drawSpot(context, place, what.cursor);
  if (what.source) drawCross(context, place, what.source);
  if (what.brush) drawBrush(context, what.brush);
}
