"""Distilling: a paper longer than the window is read once, section by section, and a model says which
passages whoever plans and writes code needs. It chooses and never writes: what is kept is verbatim.

Sections are independent and their prompts short, so they are asked together. What is kept by right
(passages.py) is not asked about, nor are sections that are left out first. Then the least useful goes, no
more than has to: what stands in sections that are left out first, what the model drops, what it keeps; by
the worth of its block for the purpose, from the end of the paper backwards. What is kept by right goes
last, by the rules of fit.py.
"""
