"""A small random llama as Hugging Face keeps it and as GGUF, and what an independent forward pass (NumPy, double precision) says.

Run here: python3 make.py (NumPy 2.4). Rotary pairs are half a head apart and turned as transformers' modeling_llama.py does it
(rotate_half); the GGUF file has wq and wk permuted as llama.cpp's convert_hf_to_gguf.py does, and most matrices as Q8_0.
tokenizer.json is the one called simplestories in ../tokenizers.json.gz.
"""
import gzip, json, struct
import numpy as np

DIM, HIDDEN, LAYERS, HEADS, KV, VOCAB, CONTEXT = 64, 96, 2, 4, 2, 320, 64
EPS, THETA = 1e-6, 20000.0
HEAD = DIM // HEADS
rng = np.random.default_rng(260)


def bf16(values):
    """Rounds to the upper half of a single."""
    bits = np.asarray(values, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def from_bf16(bits):
    return (bits.astype(np.uint32) << 16).view(np.float32)


tensors = {}


def tensor(name, *shape, scale=None):
    scale = scale if scale is not None else 1.6 / np.sqrt(shape[-1])
    values = rng.normal(size=shape) * scale if len(shape) > 1 else 1 + 0.3 * rng.normal(size=shape)
    tensors[name] = from_bf16(bf16(values)).reshape(shape)


tensor("model.embed_tokens.weight", VOCAB, DIM, scale=0.7)
for n in range(LAYERS):
    p = f"model.layers.{n}."
    tensor(p + "input_layernorm.weight", DIM)
    tensor(p + "self_attn.q_proj.weight", DIM, DIM)
    tensor(p + "self_attn.k_proj.weight", KV * HEAD, DIM)
    tensor(p + "self_attn.v_proj.weight", KV * HEAD, DIM)
    tensor(p + "self_attn.o_proj.weight", DIM, DIM)
    tensor(p + "post_attention_layernorm.weight", DIM)
    tensor(p + "mlp.gate_proj.weight", HIDDEN, DIM)
    tensor(p + "mlp.up_proj.weight", HIDDEN, DIM)
    tensor(p + "mlp.down_proj.weight", DIM, HIDDEN)
tensor("model.norm.weight", DIM)


def forward(t, tokens):
    """Logits (positions, vocabulary), all positions at once."""
    def norm(x, w):
        return w * x / np.sqrt((x * x).mean(-1, keepdims=True) + EPS)

    x = t["model.embed_tokens.weight"][tokens].astype(np.float64)
    steps = np.arange(len(tokens))
    inverse = THETA ** (-np.arange(0, HEAD, 2) / HEAD)
    angle = np.concatenate([np.outer(steps, inverse)] * 2, -1)
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]

    def rotate(v):
        half = np.concatenate([-v[..., HEAD // 2:], v[..., :HEAD // 2]], -1)
        return v * cos + half * sin

    mask = np.triu(np.full((len(tokens), len(tokens)), -np.inf), 1)
    for n in range(LAYERS):
        w = {k.split(f"layers.{n}.")[1]: v for k, v in t.items() if f"layers.{n}." in k}
        h = norm(x, w["input_layernorm.weight"])
        q = rotate((h @ w["self_attn.q_proj.weight"].T).reshape(len(tokens), HEADS, HEAD))
        k = rotate((h @ w["self_attn.k_proj.weight"].T).reshape(len(tokens), KV, HEAD))
        v = (h @ w["self_attn.v_proj.weight"].T).reshape(len(tokens), KV, HEAD)
        k, v = np.repeat(k, HEADS // KV, 1), np.repeat(v, HEADS // KV, 1)
        scores = np.einsum("qhd,khd->hqk", q, k) / np.sqrt(HEAD) + mask
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        scores /= scores.sum(-1, keepdims=True)
        x = x + np.einsum("hqk,khd->qhd", scores, v).reshape(len(tokens), DIM) @ w["self_attn.o_proj.weight"].T
        h = norm(x, w["post_attention_layernorm.weight"])
        gate = h @ w["mlp.gate_proj.weight"].T
        x = x + (gate / (1 + np.exp(-gate)) * (h @ w["mlp.up_proj.weight"].T)) @ w["mlp.down_proj.weight"].T
    return norm(x, t["model.norm.weight"]) @ t["model.embed_tokens.weight"].T


TOKENS = [1] + [int(i) for i in rng.integers(2, VOCAB, 11)]


def summary(logits):
    return {"tokens": TOKENS, "logits": [[round(float(v), 5) for v in row] for row in logits[[0, 5, 11]]], "positions": [0, 5, 11]}


def safetensors(names, path):
    header, data = {}, b""
    for name in names:
        raw = bf16(tensors[name]).tobytes()
        header[name] = {"dtype": "BF16", "shape": list(tensors[name].shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    head = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    head += b" " * (-len(head) % 8)
    open(path, "wb").write(struct.pack("<Q", len(head)) + head + data)


names = list(tensors)
shards = {"model-00001-of-00002.safetensors": names[:10], "model-00002-of-00002.safetensors": names[10:]}
for path, part in shards.items():
    safetensors(part, path)
index = {"metadata": {}, "weight_map": {name: path for path, part in shards.items() for name in part}}
json.dump(index, open("model.safetensors.index.json", "w"), indent=1)
json.dump({
    "architectures": ["LlamaForCausalLM"], "attention_bias": False, "bos_token_id": 1, "eos_token_id": 2, "hidden_act": "silu",
    "hidden_size": DIM, "intermediate_size": HIDDEN, "max_position_embeddings": CONTEXT, "mlp_bias": False, "model_type": "llama",
    "num_attention_heads": HEADS, "num_hidden_layers": LAYERS, "num_key_value_heads": KV, "pretraining_tp": 1,
    "rms_norm_eps": EPS, "rope_scaling": None, "rope_theta": THETA, "tie_word_embeddings": True, "torch_dtype": "bfloat16",
    "vocab_size": VOCAB,
}, open("config.json", "w"), indent=1)
tokenizer = json.loads(gzip.open("../tokenizers.json.gz").read())["tokenizers"]["simplestories"]["json"]
json.dump(tokenizer, open("tokenizer.json", "w"), ensure_ascii=False, separators=(",", ":"))


def q8_0(values):
    """Blocks of 32: a half and 32 signed bytes; and the values they stand for."""
    blocks = values.reshape(-1, 32)
    scale = (np.abs(blocks).max(1) / 127).astype(np.float16)
    whole = np.clip(np.round(blocks / np.maximum(scale.astype(np.float32), 1e-8)[:, None]), -127, 127).astype(np.int8)
    raw = b"".join(s.tobytes() + w.tobytes() for s, w in zip(scale, whole))
    return raw, (scale.astype(np.float32)[:, None] * whole).reshape(values.shape)


def permute(w, heads):
    """llama.cpp's convert_hf_to_gguf.py `permute`."""
    return w.reshape(heads, 2, w.shape[0] // heads // 2, w.shape[1]).swapaxes(1, 2).reshape(w.shape)


GGUF = {"input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
        "self_attn.o_proj": "attn_output", "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate",
        "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}
infos, data, quantised = b"", b"", {}


def text(s):
    return struct.pack("<Q", len(s.encode())) + s.encode()


for name, values in tensors.items():
    if name.startswith("model.layers."):
        _, _, n, rest = name.split(".", 3)
        target = f"blk.{n}.{GGUF[rest.removesuffix('.weight')]}.weight"
    else:
        target = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight"}[name]
    if values.ndim == 1:
        kind, raw, quantised[name] = 0, values.tobytes(), values
    elif name == "model.embed_tokens.weight":
        half = values.astype(np.float16)
        kind, raw, quantised[name] = 1, half.tobytes(), half.astype(np.float32)
    else:
        kind = 8
        raw, meant = q8_0(values)
        quantised[name] = meant
        if "q_proj" in name or "k_proj" in name:
            raw, _ = q8_0(permute(values, HEADS if "q_proj" in name else KV))
    infos += text(target) + struct.pack("<I", values.ndim) + b"".join(struct.pack("<Q", s) for s in values.shape[::-1])
    infos += struct.pack("<IQ", kind, len(data))
    data += raw + b"\0" * (-len(raw) % 32)

words = ["▁a", "th", "▁", "a", "t", "h", "e"]
pieces = ["<unk>", "<s>", "</s>"] + [f"<0x{i:02X}>" for i in range(256)] + words
pieces += [f"[unused{i}]" for i in range(VOCAB - len(pieces))]
u32 = lambda v: struct.pack("<II", 4, v)
f32 = lambda v: struct.pack("<If", 6, v)
string = lambda v: struct.pack("<I", 8) + text(v)
array = lambda kind, items: struct.pack("<IIQ", 9, kind, len(items)) + b"".join(items)
keys = {
    "general.architecture": string("llama"), "general.name": string("random"), "llama.context_length": u32(CONTEXT),
    "llama.embedding_length": u32(DIM), "llama.block_count": u32(LAYERS), "llama.feed_forward_length": u32(HIDDEN),
    "llama.attention.head_count": u32(HEADS), "llama.attention.head_count_kv": u32(KV),
    "llama.attention.layer_norm_rms_epsilon": f32(EPS), "llama.rope.dimension_count": u32(HEAD), "llama.rope.freq_base": f32(THETA),
    "tokenizer.ggml.model": string("llama"), "tokenizer.ggml.tokens": array(8, [text(p) for p in pieces]),
    "tokenizer.ggml.scores": array(6, [struct.pack("<f", -float(i)) for i in range(VOCAB)]),
    "tokenizer.ggml.token_type": array(5, [struct.pack("<i", 2 if i == 0 else 3 if i < 3 else 6 if i < 259 else 1 if i < 266 else 5) for i in range(VOCAB)]),
    "tokenizer.ggml.bos_token_id": u32(1), "tokenizer.ggml.eos_token_id": u32(2), "tokenizer.ggml.unknown_token_id": u32(0),
}
header = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(keys)) + b"".join(text(k) + v for k, v in keys.items()) + infos
open("model.gguf", "wb").write(header + b"\0" * (-len(header) % 32) + data)
json.dump({"half-split": summary(forward(tensors, TOKENS)), "gguf": summary(forward(quantised, TOKENS))}, open("logits.json", "w"))
