"""ResNet50s as PyTorch keeps them, with made-up weights, for the tests of starts."""

import json
import struct

import numpy as np
from safetensors.numpy import save_file

#: torchvision's keys, written out from its source: layer, blocks, filters of the 1x1 at width 1.
LAYERS = ((1, 3, 64), (2, 4, 128), (3, 6, 256), (4, 3, 512))


def state(classes=5, width=0.0625, stem=4, seed=0):
    """Return a state_dict's arrays, float32, in the order of its keys."""
    rng = np.random.default_rng(seed)
    found = {}

    def convolution(key, filters, channels, size):
        spread = np.sqrt(2 / (channels * size * size))
        found[f"{key}.weight"] = rng.normal(0, spread, (filters, channels, size, size))

    def norm(key, filters, scale=1.0):
        found[f"{key}.weight"] = scale * rng.uniform(0.5, 1.5, filters)
        found[f"{key}.bias"] = rng.normal(0, 0.3, filters)
        found[f"{key}.running_mean"] = rng.normal(0, 0.3, filters)
        found[f"{key}.running_var"] = rng.uniform(0.5, 2, filters)
        found[f"{key}.num_batches_tracked"] = np.array(7)

    convolution("conv1", stem, 3, 7)
    norm("bn1", stem)
    channels = stem
    for layer, blocks, base in LAYERS:
        middle = round(base * width)
        for block in range(blocks):
            place = f"layer{layer}.{block}"
            convolution(f"{place}.conv1", middle, channels, 1)
            norm(f"{place}.bn1", middle)
            convolution(f"{place}.conv2", middle, middle, 3)
            norm(f"{place}.bn2", middle)
            convolution(f"{place}.conv3", 4 * middle, middle, 1)
            norm(f"{place}.bn3", 4 * middle, 0.4)
            if block == 0:
                convolution(f"{place}.downsample.0", 4 * middle, channels, 1)
                norm(f"{place}.downsample.1", 4 * middle)
            channels = 4 * middle
    found["fc.weight"] = rng.normal(0, 1 / np.sqrt(channels), (classes, channels))
    found["fc.bias"] = rng.normal(0, 0.3, classes)
    return {
        key: value if key.endswith("tracked") else value.astype(np.float32)
        for key, value in found.items()
    }


def to_bfloat16(array):
    """Return a float32 array as bfloat16 holds it, cut off: the lower half of the bits is 0."""
    return (np.ascontiguousarray(array).view(np.uint32) & 0xFFFF0000).view(np.float32)


def write(file, arrays, dtype="float32"):
    """Write a ``.safetensors``; return what its numbers are as float32."""
    if dtype == "bfloat16":
        # NumPy has no such numbers, so the file is put together by hand: header, then bytes.
        header, parts, place = {}, [], 0
        for key, value in arrays.items():
            kind, data = "I64", value.astype("<i8").tobytes()
            if value.dtype == np.float32:
                kind = "BF16"
                data = (np.ascontiguousarray(value).view("<u4") >> 16).astype("<u2").tobytes()
            end = place + len(data)
            header[key] = {"dtype": kind, "shape": value.shape, "data_offsets": [place, end]}
            parts.append(data)
            place = end
        text = json.dumps(header).encode()
        file.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(parts))
        return {k: to_bfloat16(v) if v.dtype == np.float32 else v for k, v in arrays.items()}
    kept = {k: v.astype(dtype) if v.dtype == np.float32 else v for k, v in arrays.items()}
    save_file(kept, str(file))
    return {k: v.astype(np.float32) for k, v in kept.items()}


def in_order(arrays):
    """Return the arrays in the order of `numpy_resnet.forward`; a variance becomes inv_std with
    the 1e-5 of torch.nn.BatchNorm2d."""
    found = []

    def norm(key):
        inv_std = 1 / np.sqrt(arrays[f"{key}.running_var"].astype("float64") + 1e-5)
        found.extend(arrays[f"{key}.{n}"] for n in ("bias", "weight", "running_mean"))
        found.append(inv_std)

    found += [arrays["conv1.weight"], np.zeros(len(arrays["conv1.weight"]))]
    norm("bn1")
    for layer, blocks, _ in LAYERS:
        for block in range(blocks):
            place = f"layer{layer}.{block}"
            pairs = [("conv1", "bn1"), ("conv2", "bn2"), ("conv3", "bn3")]
            if block == 0:
                pairs.insert(0, ("downsample.0", "downsample.1"))
            for convolution, batch_norm in pairs:
                found.append(arrays[f"{place}.{convolution}.weight"])
                norm(f"{place}.{batch_norm}")
    return [*found, arrays["fc.weight"].T, arrays["fc.bias"]]
