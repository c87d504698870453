"""A small random GPT-Neo and a small random Qwen2, and what transformers' own models (PyTorch, double precision) say.

Run here: python3 make.py (transformers 5.17.0, torch 2.13.0). Shapes are those of TinyStories-1M in small: heads of 4 components, every
second layer local (a window of 8, so that a dozen positions leave it), all biases and gains random, and embeddings whose mean is not zero.
tokenizer.json is the one called gpt2 in ../tokenizers.json.gz.
"""
import gzip, json, os
import torch
from transformers import AutoModelForCausalLM, GPTNeoConfig, Qwen2Config

torch.manual_seed(1125)
TOKENS = [0] + torch.randint(1, 500, (23,)).tolist()
POSITIONS = [0, 6, 12, 23]


def draw(model):
    """Weights that make every part matter; in F16, as they are stored."""
    for name, tensor in model.named_parameters():
        if name.endswith("bias"):
            values = 0.3 * torch.randn(tensor.shape)
        elif tensor.dim() == 1:
            values = 1 + 0.3 * torch.randn(tensor.shape)
        elif "wpe" in name:
            values = 0.3 * torch.randn(tensor.shape)
        elif "wte" in name or "embed_tokens" in name:
            values = 0.1 + 0.6 * torch.randn(tensor.shape)
        else:
            values = 1.3 * torch.randn(tensor.shape) / tensor.shape[-1] ** 0.5
        tensor.data = values.to(torch.float16)


def make(folder, config):
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
    draw(model)
    model.save_pretrained(folder)
    os.remove(f"{folder}/generation_config.json")
    with torch.no_grad():
        logits = model.double()(torch.tensor([TOKENS])).logits[0]
    rows = [[round(float(value), 5) for value in logits[position]] for position in POSITIONS]
    json.dump({"tokens": TOKENS, "positions": POSITIONS, "logits": rows}, open(f"{folder}/logits.json", "w"))
    tokenizer = json.loads(gzip.open("../tokenizers.json.gz").read())["tokenizers"]["gpt2"]["json"]
    json.dump(tokenizer, open(f"{folder}/tokenizer.json", "w"), ensure_ascii=False, separators=(",", ":"))


make(".", GPTNeoConfig(
    vocab_size=500, max_position_embeddings=64, hidden_size=32, num_layers=4, attention_types=[[["global", "local"], 2]], num_heads=8,
    intermediate_size=88, window_size=8, bos_token_id=0, eos_token_id=0,
))
make("../qwen2", Qwen2Config(
    vocab_size=500, max_position_embeddings=64, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
    intermediate_size=56, bos_token_id=0, eos_token_id=0, tie_word_embeddings=True,
))
