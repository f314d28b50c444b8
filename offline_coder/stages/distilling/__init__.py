"""Distilling: a paper longer than the window is read once, section by section, and a model says what
each passage is about. It chooses a word and never writes: what is kept is verbatim.

Sections are independent and their prompts short, so they are asked together. What is kept by right
(passages.py) is not asked about, nor are sections that are left out first. Then the least useful goes, no
more than has to: what stands in sections that are left out first, background, then what else the purpose
needs less; of these by the worth of their block, from the end of the paper backwards. What is kept by
right goes last, by the rules of fit.py.
"""
