"""bert.py - BERT (Devlin et al. 2019) with pretrained weights, as a network that reads texts: mean of its last layer, and shares of labels above that."""
import math
import random
import time

import torch
from torch import nn
from torch.nn import functional

from pieces import Pieces

EPSILON = 1e-12  # of layer norms, as in the pretrained networks
DROPOUT = 0.1
SEED = 0
with open("/proc/cpuinfo", encoding="utf-8") as info:
    HAS_AMX = "amx_bf16" in info.read()  # elsewhere 32 bits are faster (docs/decisions/0026)
LINEAR = ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense", "intermediate.dense", "output.dense")
NORM = ("attention.output.LayerNorm", "output.LayerNorm")


def fill(parameter, values):
    with torch.no_grad():
        parameter.copy_(values)


def tensor(array):
    return torch.frombuffer(bytearray(array.data), dtype=torch.float32).reshape(array.dims)


class Layer(nn.Module):
    def __init__(self, arrays, number, heads):
        super().__init__()
        self.heads = heads
        parts = {}
        for name in LINEAR:
            kernel = arrays[f"layer.{number}.{name}.kernel"]
            parts[name] = nn.Linear(*kernel.shape)
            fill(parts[name].weight, kernel.T)
            fill(parts[name].bias, arrays[f"layer.{number}.{name}.bias"])
        for name in NORM:
            parts[name] = nn.LayerNorm(arrays[f"layer.{number}.{name}.weight"].shape, EPSILON)
            fill(parts[name].weight, arrays[f"layer.{number}.{name}.weight"])
            fill(parts[name].bias, arrays[f"layer.{number}.{name}.bias"])
        self.query, self.key, self.value, self.out, self.wide, self.back = (parts[name] for name in LINEAR)
        self.norm, self.last_norm = (parts[name] for name in NORM)

    def forward(self, x, mask):
        batch, length, width = x.shape

        def split(y):
            return y.view(batch, length, self.heads, width // self.heads).transpose(1, 2)

        query, key, value = split(self.query(x)), split(self.key(x)), split(self.value(x))
        weights = torch.softmax((query @ key.transpose(-1, -2) / math.sqrt(width // self.heads) + mask).float(), -1)
        seen = functional.dropout(weights, DROPOUT, self.training).to(value.dtype) @ value
        x = self.norm(x + functional.dropout(self.out(seen.transpose(1, 2).reshape(batch, length, width)), DROPOUT, self.training))
        return self.last_norm(x + functional.dropout(self.back(functional.gelu(self.wide(x))), DROPOUT, self.training))


class Reader(nn.Module):
    """Pretrained layers and a linear head of `labels` above the mean of the last. The embeddings and the lowest `frozen` layers stay as they are."""

    def __init__(self, arrays, pieces, plan, labels):
        super().__init__()
        self.plan, self.pieces = plan, Pieces(pieces, plan["lower"])
        arrays = {name: tensor(array) for name, array in arrays.items() if array is not None}
        self.words = nn.Embedding(*arrays["embeddings.word_embeddings.weight"].shape)
        self.places = nn.Embedding(*arrays["embeddings.position_embeddings.weight"].shape)
        width = self.words.weight.shape[1]
        self.norm = nn.LayerNorm(width, EPSILON)
        fill(self.words.weight, arrays["embeddings.word_embeddings.weight"])
        fill(self.places.weight, arrays["embeddings.position_embeddings.weight"] + arrays["embeddings.token_type_embeddings.weight"][0])
        fill(self.norm.weight, arrays["embeddings.LayerNorm.weight"])
        fill(self.norm.bias, arrays["embeddings.LayerNorm.bias"])
        self.layers = nn.ModuleList([Layer(arrays, number, plan["heads"]) for number in range(plan["layers"])])
        self.head = nn.Linear(width, labels)
        for part in [self.words, *([self.places, self.norm] if plan["frozen"] else []), *self.layers[:plan["frozen"]]]:
            for parameter in part.parameters():
                parameter.requires_grad_(False)

    def forward(self, numbers, mask):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=HAS_AMX):
            x = self.norm(self.words(numbers) + self.places.weight[:numbers.shape[1]])
            x = functional.dropout(x, DROPOUT, self.training)
            outside = ((1 - mask) * -1e4)[:, None, None, :].to(x.dtype)
            for layer in self.layers:
                x = layer(x, outside)
            part = mask[:, :, None].to(x.dtype)
            mean = (x * part).sum(1) / part.sum(1)
        return self.head(functional.dropout(mean.float(), DROPOUT, self.training))

    def batches(self, texts, size, shuffle=None):
        """Texts of like length together, since the shorter are filled up to the longest."""
        numbers = [self.pieces.of_text(text, self.plan["pieces"]) for text in texts]
        order = list(range(len(texts)))
        chunk = len(order) or 1
        if shuffle is not None:
            shuffle.shuffle(order)
            chunk = size * 50
        order = [i for at in range(0, len(order), chunk) for i in sorted(order[at:at + chunk], key=lambda i: len(numbers[i]))]
        batches = [order[at:at + size] for at in range(0, len(order), size)]
        if shuffle is not None:
            shuffle.shuffle(batches)
        for batch in batches:
            longest = max(len(numbers[i]) for i in batch)
            filled = torch.tensor([numbers[i] + [0] * (longest - len(numbers[i])) for i in batch])
            mask = torch.tensor([[1.0] * len(numbers[i]) + [0.0] * (longest - len(numbers[i])) for i in batch])
            yield batch, filled, mask

    def learn(self, texts, labels, say):
        """AdamW with a warm-up of a tenth and a rate that falls to nothing. `labels`: the number of each text's."""
        plan, shuffle, truth = self.plan, random.Random(SEED), torch.tensor(labels)
        tuned = [p for name, p in self.named_parameters() if p.requires_grad and not name.startswith("head.")]
        rates = (plan["rate"], plan["rate"] * 20)
        optimizer = torch.optim.AdamW([{"params": tuned}, {"params": self.head.parameters()}], lr=0, weight_decay=0.01)
        steps, step, begun = plan["epochs"] * (len(texts) // plan["batch"] + 1), 0, time.monotonic()
        self.train()
        for epoch in range(plan["epochs"]):
            for batch, numbers, mask in self.batches(texts, plan["batch"], shuffle):
                pace = min(1, step / (0.1 * steps)) * max(0, (steps - step) / steps)
                for group, rate in zip(optimizer.param_groups, rates):
                    group["lr"] = rate * pace
                loss = functional.cross_entropy(self(numbers, mask), truth[batch])
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(tuned, 1.0)
                optimizer.step()
                step += 1
                if step % 50 == 0:
                    left = (time.monotonic() - begun) * (steps - step) / step
                    say(f"epoch {epoch + 1} of {plan['epochs']}, step {step} of {steps}, {left / 60:.0f} minutes left")
        self.eval()

    def shares(self, texts, softness):
        """What it takes each text for: a row a text, by logits divided by `softness`."""
        said = torch.zeros(len(texts), self.head.out_features)
        with torch.no_grad():
            for batch, numbers, mask in self.batches(texts, 64):
                said[batch] = torch.softmax(self(numbers, mask) / softness, -1)
        return said


def reader(plan, labels):
    """One that has read much and learned none of the labels yet."""
    arrays, pieces = plan["weights"]()
    torch.manual_seed(SEED)
    return Reader(arrays, pieces, plan, labels)
