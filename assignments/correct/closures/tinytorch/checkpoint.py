import json

import numpy as np


def state_dict(model):
    return {name: np.array(p.data) for name, p in model.named_parameters()}


def load_state_dict(model, sd, strict=True):
    params = dict(model.named_parameters())
    missing, extra = set(params) - set(sd), set(sd) - set(params)
    if strict and (missing or extra):
        raise KeyError(f"missing {missing}, unexpected {extra}")
    common = [name for name in params if name in sd]
    if any(np.asarray(sd[name]).shape != params[name].data.shape for name in common):
        raise ValueError("shapes differ")
    for name in common:
        params[name].data[...] = sd[name]
    return sorted(missing | extra)


def save_checkpoint(path, model, opt, step, rng):
    entries = {f"model:{name}": array for name, array in state_dict(model).items()}
    for memory in ("m", "v", "u"):
        for i, array in enumerate(getattr(opt, memory, [])):
            entries[f"{memory}:{i}"] = array
    entries["numbers"] = np.array([step, getattr(opt, "t", 0)])
    entries["rng"] = np.frombuffer(json.dumps(rng.bit_generator.state).encode(), dtype=np.uint8)
    with open(path, "wb") as f:
        np.savez(f, **entries)


def load_checkpoint(path, model, opt, rng):
    with np.load(path, allow_pickle=False) as f:
        entries = {key: f[key] for key in f.files}
    load_state_dict(model, {k[len("model:") :]: a for k, a in entries.items() if k.startswith("model:")})
    for memory in ("m", "v", "u"):
        if hasattr(opt, memory):
            setattr(opt, memory, [entries[f"{memory}:{i}"] for i in range(len(opt.params))])
    step, t = entries["numbers"]
    if hasattr(opt, "t"):
        opt.t = int(t)
    rng.bit_generator.state = json.loads(entries["rng"].tobytes())
    return int(step)
