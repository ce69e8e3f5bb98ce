"""explain.py - cx explain: what was decided, by what, and where in the text it stands; the same as the record says."""
import json
import re

from harness import equal, test, without_model

TURKISH = "Kargom nerede, üç gündür bekliyorum; PARA İADEMİ istiyorum"


def line(text, **more):
    return json.dumps({"tenant": "t", "channel": "instagram", "native_id": text, "occurred_at": 1767607200000, "author": {"name": "N"}, "text": text, **more},
                      ensure_ascii=False) + "\n"


def explain(cx, *words, **kwargs):
    return cx("explain", "--json", *without_model(cx), *words, **kwargs).ends(0).is_silent().json()


def heads(page, head):
    return [h for h in page["heads"] if h["head"] == head]


@test
def each_label_names_its_evidence_and_where_it_stands(cx):
    page, = explain(cx, "--text", TURKISH)
    equal(page["language"]["label"], "tr")
    refund, = [h for h in heads(page, "intents") if h["label"] == "refund_request"]
    equal((refund["said"], refund["by"]), (True, "lexicon"))
    because, = refund["because"]
    equal(because["text"], "PARA İADEMİ")
    equal(TURKISH.encode()[because["start"]:because["end"]].decode(), because["text"])
    equal(because["weight"], refund["score"])
    finance, = [h for h in heads(page, "functions") if h["label"] == "finance"]
    assert any(b["what"] == "intent refund_request" for b in finance["because"]), finance


@test
def the_reasons_add_up_to_the_score(cx):
    texts = (TURKISH, "my card was stolen, refund me now or I will sue you", "no me funciona la app y quiero mi dinero", "верните деньги, это обман",
             "عايز فلوسي ترجع والتطبيق مش شغال")
    for text in texts:
        page, = explain(cx, "--text", text)
        counted = 0
        for head in page["heads"]:
            if head["head"] not in ("intents", "functions", "urgency", "toxicity"):
                continue
            rest = 1
            for because in head["because"]:
                rest *= 1 - because["weight"]
            assert abs(1 - rest - head["score"]) < 0.001, (text, head)
            counted += 1
        assert counted >= 3, (text, page)
        sentiment, = heads(page, "sentiment")
        sides = [1, 1]
        for because in sentiment["because"]:
            sides[because["weight"] < 0] *= 1 - abs(because["weight"])
        assert abs((1 - sides[0]) - (1 - sides[1]) - sentiment["score"]) < 0.002, (text, sentiment)


@test
def explanations_say_what_the_record_says(cx):
    lines = [line(TURKISH), line("awful, refund please", rating={"value": 1, "scale": 5}), line("the screen is not good", kind="review"), line("qwerty zxcv")]
    records = cx("pipe", "classify", *without_model(cx), given="".join(lines)).ends(0).json()
    pages = explain(cx, "--event", given="".join(lines))
    equal(len(pages), len(records))
    for page, record in zip(pages, records):
        said = record["classification"]
        equal(page["language"]["label"], said["language"])
        for head in ("intents", "functions"):
            equal([(h["label"], round(h["score"], 3)) for h in heads(page, head) if h["said"]], [(s["name"], s["score"]) for s in said[head]], head)
        for head in ("sentiment", "urgency", "five_c"):
            equal([h["label"] for h in heads(page, head)], [said[head]] if said[head] else [], head)
        equal([h["label"] for h in heads(page, "topics")], said["topics"])
        equal([h["label"] for h in heads(page, "reason")], [said["reason"]] if said["reason"] else [])
        hits = {b["what"] for h in page["heads"] for b in h["because"] if "/" in b["what"]}
        assert hits <= set(said["lexicon_hits"]), (hits, said["lexicon_hits"])
    assert any(b["what"] == "rating" for b in heads(pages[1], "sentiment")[0]["because"]), pages[1]
    negated, = [b for b in heads(pages[2], "sentiment")[0]["because"] if b["what"] == "negated"]
    equal((negated["text"], negated["weight"] < 0), ("good", True))


@test
def what_the_model_said_is_told_apart_from_the_lexicons(cx):
    lines = [line(TURKISH), line("Best purchase in years, in love with it"), line("awful, refund please", rating={"value": 1, "scale": 5})]
    records = cx("pipe", "classify", given="".join(lines)).ends(0).json()
    pages = cx("explain", "--json", "--event", given="".join(lines)).ends(0).is_silent().json()
    for page, record in zip(pages, records):
        said = record["classification"]
        for head in ("intents", "functions"):
            equal([(h["label"], round(h["score"], 3)) for h in heads(page, head) if h["said"]], [(s["name"], s["score"]) for s in said[head]], head)
        equal([h["label"] for h in heads(page, "sentiment")], [said["sentiment"]])
        equal([h["label"] for h in heads(page, "urgency")], [said["urgency"]])
        by_model = {h["head"] for h in page["heads"] if "model" in h["by"] and (h["said"] or h["head"] in ("toxicity", "relevance"))}
        told = {hit.removeprefix("model/") for hit in said["lexicon_hits"] if hit.startswith("model/")}
        equal(told - {"language"}, by_model)
        assert len(told) >= 3, told
    equal([h["by"] for p in pages for h in heads(p, "sentiment")], ["model", "model", "rating and model"])
    page, = cx("explain", "--json", "--text", "the song is called my money back and I love it, great voice").ends(0).is_silent().json()
    refund, = [h for h in heads(page, "intents") if h["label"] == "refund_request"]
    equal((refund["by"], refund["because"][0]["what"]), ("lexicon and model", "model"))


@test
def the_words_that_weighed_in_the_model_are_told(cx):
    text = "I WANT my money back, the zipper broke and nobody answers"
    page, = cx("explain", "--json", "--text", text).ends(0).is_silent().json()
    told = [h for h in page["heads"] if h["features"]]
    assert {"intents", "functions", "sentiment"} <= {h["head"] for h in told}, page
    for head in told:
        sizes = [abs(f["weight"]) for f in head["features"]]
        equal(sizes, sorted(sizes, reverse=True), head["head"])
        for feature in head["features"]:
            equal(text[feature["start"]:feature["end"]], feature["text"])
    refund, = [h for h in heads(page, "intents") if h["label"] == "refund_request"]
    best = refund["features"][0]
    assert best["weight"] > 0 and set(best["text"].split()) & {"money", "back"}, refund
    assert "words: " in cx("explain", "--text", text).ends(0).out.decode()
    for head in explain(cx, "--text", text)[0]["heads"]:
        equal(head["features"], [], "no model, no words of a model")


@test
def what_is_told_of_a_label_is_what_decided_it(cx):
    pages = cx("explain", "--json", "--event", "--set", "classify.language_at_least=0.4", "--set", "classify.sentiment_at_least=0.35",
               given=line(TURKISH) + line("Where is my order?") + line("awful, refund please", rating={"value": 1, "scale": 5})).ends(0).json()
    for page in pages:
        equal((page["language"]["threshold"], page["language"]["by"]), (0.4, "model"))
        assert page["language"]["score"] >= 0.4, page
    for page in pages[:2]:
        sentiment, = heads(page, "sentiment")
        equal((sentiment["threshold"], sentiment["by"]), (0.35, "model"))
        assert sentiment["score"] >= 0.35, sentiment
    rated, = heads(pages[2], "sentiment")
    equal((rated["label"], rated["threshold"], rated["by"]), ("negative", -0.15, "rating and model"))
    assert rated["score"] <= -0.15, rated
    page, = explain(cx, "--text", "the parcel")
    equal((page["language"]["threshold"], page["language"]["by"]), (None, "letters and frequent words"))
    shown = cx("explain", "--text", TURKISH).ends(0).out.decode()
    assert re.search(r"language\n  tr  [01]\.\d\d, said from 0\.50  \(model\)\n", shown), shown
    reasons, = cx("explain", "--json", "--set", "classify.reason_at_least=0.01", "--text", "the song arrived").ends(0).json()
    reason, = heads(reasons, "reason")
    equal((reason["threshold"], reason["by"]), (0.01, "model"))
    assert 0.01 <= reason["score"] < 1, reason


@test
def personal_data_are_told_as_the_record_tells_them(cx):
    given = line("write to ada@example.com, ünlü", title="A title")
    record, = cx("pipe", "classify", given=given).ends(0).json()
    page, = cx("explain", "--json", "--event", given=given).ends(0).json()
    assert page["pii"], page
    equal(page["pii"], record["classification"]["pii"])
    shown = cx("explain", "--event", given=given).ends(0).out.decode()
    assert "\npersonal data\n  email  15 bytes from byte 9 of the text on\n" in shown, shown
    equal(cx("explain", "--json", "--text", "none").ends(0).json()[0]["pii"], [])


@test
def places_are_bytes_of_the_field_they_stand_in(cx):
    fields = {"title": "Ünlü: where is my", "text": "order? I want my money back"}
    given = line(fields["text"], title=fields["title"])
    page, = cx("explain", "--json", "--event", given=given).ends(0).json()
    places = [place for head in page["heads"] for place in head["because"] + head["features"] if place["text"] is not None]
    equal({place["field"] for place in places}, {"title", "text", "title, text"})
    for place in places:
        first, last = place["field"].split(", ")[0], place["field"].split(", ")[-1]
        there = "\n".join(fields[field] for field in dict.fromkeys((first, last))).encode()
        before = len(there) - len(fields[last].encode())
        equal(there[place["start"]:before + place["end"]].decode(), place["text"], place)
    nowhere = [b for head in page["heads"] for b in head["because"] if b["text"] is None]
    equal({(b["field"], b["start"], b["end"]) for b in nowhere}, {(None, None, None)})
    assert cx("explain", "--event", given=given).ends(0).out.decode().startswith("Ünlü: where is my\norder? I want my money back\n\nlanguage\n")


@test
def a_line_break_between_words_is_shown_as_one(cx):
    text = "where is my\norder, I want a\nrefund\tplease, it was not\ngood"
    pages = [cx("explain", *words, "--text", text).ends(0).out.decode() for words in ((), without_model(cx))]
    for page in pages:
        for shown in page.split("\n\nlanguage\n")[1].splitlines():
            assert not shown or shown[0] != " " or re.match(r"  \S|   [+-]\d|          words: ", shown), repr(shown)
            assert not shown or shown[0] == " " or re.fullmatch(r"[a-z_ ]+|nothing else is known.*", shown), repr(shown)
        assert "my\\norder" in page.split("\n\nlanguage\n")[1], page


@test
def nothing_has_no_sign(cx):
    given = line("Best purchase in years, in love with it") + line("love it, great, thank you so much, perfect") + line("perfect, thanks")
    pages = cx("explain", "--json", "--event", given=given).ends(0).json()
    assert any(-0.005 < b["weight"] < 0 for page in pages for head in page["heads"] for b in head["because"]), pages
    shown = cx("explain", "--event", given=given).ends(0).out.decode()
    assert "+0.00" in shown and "-0.00" not in shown, shown


@test
def the_models_share_adds_up_too(cx):
    page, = cx("explain", "--json", "--text", TURKISH).ends(0).is_silent().json()
    for head in heads(page, "intents") + heads(page, "functions"):
        rest = 1
        for because in head["because"]:
            rest *= 1 - because["weight"]
        assert abs(1 - rest - head["score"]) < 0.001, head


@test
def records_as_tap_prints_them_are_read_too(cx):
    record = cx("pipe", "normalize", "classify", given=line(TURKISH)).ends(0).out
    equal(explain(cx, "--event", given=record), explain(cx, "--event", given=line(TURKISH)))


@test
def a_language_can_be_supposed(cx):
    page, = explain(cx, "--text", "para iade", "--language", "tr")
    assert any(h["label"] == "refund_request" for h in heads(page, "intents")), page
    equal(page["language"], {"label": "tr", "score": 1, "threshold": None, "by": "as asked"})
    page, = explain(cx, "--text", "para iade", "--language", "ru")
    equal(heads(page, "intents"), [])


@test
def thresholds_of_ones_own_decide_and_are_shown(cx):
    text = "you idiots, my order never arrived, I want a refund"
    before, = explain(cx, "--text", text)
    for head in ("intents", "functions", "toxicity", "relevance"):
        label = max(heads(before, head), key=lambda h: h["score"])
        equal(label["said"], True, head)
        equal(label["threshold"], {"intents": 0.3, "functions": 0.2}.get(head, 0.5), head)
        after, = explain(cx, "--text", text, "--set", f"classify.{head}_at_least=0.99")
        same, = [h for h in heads(after, head) if h["label"] == label["label"]]
        equal((same["threshold"], same["said"], same["score"]), (0.99, False, label["score"]), head)
        others = {"intents", "functions", "toxicity"} - {head}  # relevance and urgency are told where an intent is said
        equal([h for h in after["heads"] if h["head"] in others], [h for h in before["heads"] if h["head"] in others], head)
    page = cx("explain", "--text", text, "--set", "classify.intents_at_least=0").ends(0).out.decode()
    assert "said from 0.00" in page, page


@test
def the_page_for_people_shows_words_and_entries(cx):
    page = cx("explain", *without_model(cx), "--text", TURKISH + "\x1b[31m").ends(0).is_silent().out.decode()
    assert "\x1b" not in page, repr(page[:200])
    for words in ("language\n  tr", "\nintents\n", "PARA İADEMİ", "tr/refund", "intent refund_request", "said from 0.30"):
        assert words in page, (words, page)
    assert "no entry of a lexicon" in cx("explain", "--set", "classify.model=none", "--text", "qwerty zxcv").ends(0).out.decode()


@test
def explain_refuses_what_it_cannot_read(cx):
    cx("explain").ends(64).has_no_output().says("--text TEXT or --event")
    cx("explain", "--text", "x", "--event", given="").ends(64).has_no_output()
    cx("explain", "--text", "x", "--language", "Turkish").ends(64).says("two small letters")
    cx("explain", "--text", b"\xff").ends(64).says("no UTF-8")
    cx("explain", "--event", given="").ends(65).says("no record came")
    cx("explain", "--event", given=line("fine") + "nonsense\n").ends(65).says("stdin:2")
    cx("explain", "--event", given='{"tenant":"t"}\n').ends(65).says("stdin:1")
