"""pieces.py - texts to numbers of word pieces, as BERT was pretrained on them (Wu et al. 2016): blanks and punctuation part words, and of a word the
longest piece that is known comes first."""
import unicodedata

WORD_MAX = 100  # characters; what is longer is unknown, as it was in pretraining


class Pieces:
    def __init__(self, numbers, lower):
        """`lower`: the pieces are of texts in small letters without accents."""
        self.numbers, self.lower, self.known = numbers, lower, {}

    def words(self, text):
        if self.lower:
            text = "".join(c for c in unicodedata.normalize("NFD", text.lower()) if unicodedata.category(c) != "Mn")
        return "".join(f" {c} " if unicodedata.category(c)[0] in "PS" else c for c in text).split()

    def of_word(self, word):
        found, at = [], 0
        if len(word) > WORD_MAX:
            return [self.numbers["[UNK]"]]
        while at < len(word):
            end = len(word)
            while end > at and ("##" if at else "") + word[at:end] not in self.numbers:
                end -= 1
            if end == at:
                return [self.numbers["[UNK]"]]
            found.append(self.numbers[("##" if at else "") + word[at:end]])
            at = end
        return found

    def of_text(self, text, most):
        """At most so many, with those that stand at the beginning and the end."""
        found = []
        for word in self.words(text):
            if len(found) >= most - 2:
                break
            if word not in self.known:
                self.known[word] = self.of_word(word)
            found += self.known[word]
        return [self.numbers["[CLS]"], *found[:most - 2], self.numbers["[SEP]"]]
