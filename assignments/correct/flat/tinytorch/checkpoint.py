"""Checkpoints: long vectors, and one line of text for everything that is no array."""

import json

import numpy as np


def state_dict(model):
    return dict((path, p.data.copy()) for path, p in model.named_parameters())


def load_state_dict(model, sd, strict=True):
    own = dict(model.named_parameters())
    odd = sorted(set(own) ^ set(sd))
    if odd and strict:
        raise KeyError(", ".join(odd))
    shared = sorted(set(own) & set(sd))
    wrong = [path for path in shared if np.shape(sd[path]) != np.shape(own[path].data)]
    if wrong:
        raise ValueError("other shapes: " + ", ".join(wrong))
    for path in shared:
        np.copyto(own[path].data, sd[path], casting="same_kind")
    return odd


def _vectors(opt):
    return {key: value for key, value in vars(opt).items() if isinstance(value, np.ndarray)}


def save_checkpoint(path, model, opt, step, rng):
    params = model.parameters()
    about = {
        "step": step,
        "t": getattr(opt, "t", None),
        "rng": rng.bit_generator.state,
        "shapes": [[name, list(p.data.shape)] for name, p in model.named_parameters()],
    }
    flat = np.concatenate([p.data.ravel() for p in params])
    with open(path, "wb") as target:
        np.savez_compressed(target, about=np.array(json.dumps(about)), flat=flat, **_vectors(opt))


def load_checkpoint(path, model, opt, rng):
    with np.load(path) as source:
        about = json.loads(str(source["about"]))
        flat = source["flat"]
        vectors = {key: source[key] for key in _vectors(opt)}
    arrays, start = {}, 0
    for name, shape in about["shapes"]:
        size = int(np.prod(shape))
        arrays[name] = flat[start : start + size].reshape(shape)
        start += size
    load_state_dict(model, arrays)
    for key, vector in vectors.items():
        getattr(opt, key)[:] = vector
    if about["t"] is not None:
        opt.t = about["t"]
    rng.bit_generator.state = about["rng"]
    return about["step"]
