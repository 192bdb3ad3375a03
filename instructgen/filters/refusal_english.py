"""How English refuses, as patterns for lower-case text with plain quotation marks."""

from __future__ import annotations

import re

from instructgen.parsing.lazy import lazy

_MUST = r"(?:must|(?:'ll\ |will\ )?(?:have|need)\ to)\ (?:respectfully\ |politely\ )?"
_MODEL = r"""(?:(?:only|just|merely|simply)\ )?an?\ (?:[\w-]+,?\ ){0,4}?
    (?:ai|a\.i\.|artificial\ intelligence|language\ model|chatbot|virtual\ assistant|digital\ assistant)\b
    (?:[ -](?:language\ )?(?:model|assistant|system|program|chatbot|bot|tool))?"""
# Nothing else is said: with a reason behind it, somebody may be declining an invitation.
_ALL = r"(?=[.!。\s]*\Z)"
_RULES = r"(?:[a-z]+\ ){0,2}?(?:guidelines?|polic(?:y|ies)|principles|programming|rules|terms)\b"
REFUSES = rf"""
    # As an AI language model, I have no …
    (?: as\ {_MODEL}(?:\ (?:created|developed|trained|made|built)\ [^,.!?\n]{{1,40}})?,?\ (?:i|my|it)\b
      | as\ an?\ (?:\w+,?\ ){{0,4}}?(?:helpful|honest|respectful|harmless|responsible|ethical)\ assistant,?
        \ i\ (?:must|cannot|can't|am\ (?:unable|not\ able)|do\ not|don't|will\ not|won't)\b
      | i(?:\ am|'m)\ {_MODEL}(?![\w-]|\ \w+er\b) )
    [^.!?\n]{{0,160}}?(?:\bnot\b|\bcannot\b|\w+n't\b|\b(?:no|unable|never|lack|limited|beyond|incapable|decline|refuse)\b)
    # I can't help with that
  | (?:i\ ?)?(?:can(?:not|\ not|'t|t)|could(?:\ not|n't)|won't|will\ not
      | (?:am|'m)\ (?:not\ (?:able|programmed|allowed|permitted|comfortable|going)(?:\ to)?|unable\ to)
      | unable\ to | {_MUST}(?:decline|refuse)\ to | (?:do\ not|don't)\ feel\ (?:comfortable|able)(?:\ to)?)
    (?:\ (?:currently|actually|really|simply|just|directly|ethically|legally|in\ good\ conscience|be\ able\ to))?
    \ (?: (?:help|assist)(?:ing)?(?:(?=[.,!;:]|$)|\ (?:with|in)\b|\ you(?=[.,!;:]|$|\ (?:with|in|on|there)\b))
        | comply(?:ing)?(?:(?=[.,!;:]|$)|\ with\ (?:that|this|your|the\ request|it)\b)
        | (?:answer|respond\ to|discuss)(?:ing)?\ (?:that|this|these|such|your|it|(?:the|any)\ (?:question|request))\b
        | (?:rewrit|rephras|paraphras|reword|modify|evolv|complicat)(?:e|ing)?\ (?:that|this|your|the|it)\b
          (?:\ (?:[a-z]+\ )?(?:prompt|instruction|question|request|task|problem|text)s?)?
          (?=[.,!;:]|$|\ (?:because|as|since|into|in)\b)
        | (?:do|continue)\ (?:that|this|so|it)(?=[.,!;:]|$|\ (?:task|request|because|as|for))
        | (?P<ambiguous>comply(?:ing)?\b | fulfil+(?:ing)?\b | engage\ in\b
          | (?:provid|giv|offer|shar|generat|creat|writ|produc|mak|process|perform|support|promot|recommend|display|show
            |access|open|view|see|brows|search|express|complet|play|predict|fulfil|carry\ out|have)(?:e|ing)?
          \b[^.!?\n]{{0,60}}?\b(?:information|instructions|advice|guidance|assistance|content|material|opinions?|answers?
            |requests?|questions?|images?|links?|web\ ?pages?|websites?|internet|attachments?|files?|real-time|task
            |prompts?|stereotypes|violence|hate|harmful|illegal|offensive|explicit|tutorial|recipe\ for)\b ) )
    # I must decline.
  | i\ ?{_MUST}(?P<declined>decline|refuse)
    (?:{_ALL}|\ (?:this|that|your|the|such\ an?)\ (?:[a-z]+\ )?(?:request|question|task|prompt|query)\b)
  | i\ (?:respectfully\ )?(?:decline|refuse)\ to\ (?: comply\b | (?:help|assist)\ with\ (?:that|this|your|such)\b
      | (?:answer|respond\ to|discuss)\ (?:that|this|these|such|your|(?:the|any)\ (?:question|request))\b
      | do\ (?:so|this|that|it){_ALL} )
    # Request denied. This request violates my guidelines. It is against my policy to assist with this.
  | request\ (?:denied|declined|refused|rejected){_ALL}
  | (?:this|that|the|your|such\ an?)\ (?:[a-z]+\ )?(?:request|prompt|question|instruction|task|content|topic)
    (?:\ [a-z]+)?\ (?:violat(?:es|ed)|goes\ against|is\ against|conflicts\ with|breaches)
    \ (?:my\ {_RULES}|our\ {_RULES}{_ALL})
  | it(?:'s|\ is|\ goes)\ against\ (?:my|our)\ {_RULES}\ to\ (?:assist|help|provide|answer|respond|comply|engage|create
      |generate|write|rewrite|produce|discuss|fulfil+|do\ (?:so|this|that))\b
    # I'm sorry, but this prompt contains harmful content and I cannot …
  | (?:this|that|the|your)\ (?:[a-z]+\ )?(?:request|prompt|question|instruction|task|content|topic)\ [^.!?\n]{{1,100}}?
    (?:,|\band|\bso|[;-])\ (?:so\ |therefore\ |thus\ )?i(?:\ am|'m)?\ (?:cannot|can't|can\ not|won't|will\ not
      |unable\ to|not\ able\ to|must\ decline\ to)\ (?:help|assist|comply|fulfil+|proceed|continue|do\ (?:so|this|that)
      |(?:mak|rewrit|rephras|evolv|chang|modif|complicat|answer|generat|creat|provid|process)(?:e|y)?
       \ (?:it|this|that|them|your|the\ prompt)\b)
    # I don't have the ability to …
  | i\ (?:do\ not|don't)\ have\ (?:the\ (?:ability|capability|capacity)\ to
      |access\ to\ (?:real-time|current|external|personal|your|the\ internet)|(?:any\ )?personal\ \w+)
  | (?:that|this|it)(?:'s|\ is)\ (?:not\ something|beyond\ what|outside\ what)\ i(?:'m|\ am)?\ (?:can|could|able|will)\b
  | (?:that|this|it)(?:'s|\ is)\ something\ i(?:\ cannot|\ can't|\ won't|(?:\ am|'m)\ (?:unable|not\ able)\ to)
      \ (?:help|assist)(?:\ you)?\ with\b
  | (?:that|this|it)(?:'s|\ is)\ (?:beyond|outside)\ (?:of\ )?my\ (?:current\ )?(?:capabilities|abilities|scope)\b
"""
# What a model says that it does not provide or think fit. What else they cannot do, people say of themselves: recommend
# a hotel, refund a ticket, take part.
_CANNOT = r"""(?:can(?:not|\ not|'t|t)(?:\ and\ will\ not)?|won't|will\ not|(?:do\ not|don't)\ feel\ comfortable
    |(?:am|'m)\ (?:unable\ to|not\ (?:(?:able|allowed|permitted|programmed|willing|going)\ to|comfortable)))
    (?:\ (?:currently|actually|really|simply|just|directly|ethically|legally|in\ good\ conscience))?"""
_KINDS = r"""(?:(?:instructions|information|advice|guidance|assistance|tips|ways|methods|steps|reasons|suggestions
    |support|solutions?|resources|details|the\ help\ (?:that\ )?you\ need)\b
  | (?:an?|any|the)\ (?:[\w-]+\ ){0,2}?(?:list\ of\ (?:reasons|ways|places|methods|people|weapons)|reasons?|solution
    |process|strategy|guide|plan|plot|justification|explanation|response\ to)\b)"""
_PRIVATE = r"""(?:social\ security|passport|phone\ number|password|home\ address|e-?mail\ address|pin\b|credit\ card
    |driver's|medical\ records|tax\ records|date\ of\ birth|browsing\ history|(?:personal|private)\ information)"""
_URGES = r"(?:promote|encourage|discuss|suggest|glorify|condone|endorse|recommend|provide)"
_FIT = r"(?:appropriate|ethical|acceptable|respectful|legal|responsible|safe|fair|right|moral|okay|ok)"
DECLINES = rf"""
    # I cannot provide you with a list of reasons …
    i\ ?{_CANNOT}\ (?:
        provid(?:e|ing)\ (?:you\ with\ )?(?:{_KINDS}|[^.!?\n]{{0,50}}?\b{_PRIVATE})
      | (?:{_URGES}|discussing|suggesting|providing)\ (?:ways|methods|illegal|unethical|harmful|dangerous|violen\w+)\b
      | {_URGES}\ or\ {_URGES}\b | satisfy\ your\ request
      | explain\ how\ to\b | identify\ who\ (?:this|that)\ is\b | answer(?=[.!]?\s*\Z) )
    # I do not condone or promote …
  | i\ (?:do\ not|don't)\ {_URGES}\ (?:or|and)\ {_URGES}\b
    # It is not appropriate or ethical to provide instructions on how …
  | (?: (?:it(?:'s|\ is|\ would)\ (?:also\ )?(?:not|never)|it\ (?:isn't|wouldn't))(?:\ be)?
      | i\ (?:do\ not|don't)\ (?:think|believe|feel)\ (?:that\ )?it(?:'s|\ is|\ would\ be) )
    (?:\ at\ all|\ ever)?\ {_FIT}(?:,?\ (?:or|and|nor)\ (?:\w+ly\ )?{_FIT})?(?:
        \ for\ me\ to\ (?:provide|assist|help\ you|answer|discuss|generate|recommend|engage\ in|comment|make)\b
      | \ to\ (?:{_URGES}\ or\ {_URGES} | (?:encourage|suggest|discuss)\ (?:or\ \w+\ )?(?:ways|methods)\ (?:to|of)\b
          | (?:provide|offer|discuss)\ (?:any\ |specific\ )?(?:instructions|information|advice|guidance|tips|details)
            (?:\ or\ \w+)?\ (?:on|about|for|regarding)\ (?:how|ways|illegal|harmful|engaging|harming|committing)) )
    # I must clarify that I cannot provide …
  | i\ (?:must|have\ to|need\ to)\ (?:\w+ly\ )?(?:clarify|emphasi[sz]e|stress|point\ out|inform\ you)\ that\ i\ ?
    (?:{_CANNOT}\ (?:provide|assist|answer|discuss|generate|fulfil+|comply|support|engage)\b
      |do\ not\ (?:condone|promote|support|encourage)\b)
    # It is illegal to …, and I cannot provide …
  | (?:it(?:'s|\ is)|this\ is)\ (?:illegal|unethical|against\ the\ law)\ to\b
    [^.!?\n]{{0,100}}?(?:,|\band|\bso|[;.])\ (?:so\ |and\ |therefore,?\ )?i\ ?{_CANNOT}
    \ (?:provide|assist|help\ you|advise|explain)\b
"""

# I can't create a table here, but I can list them: an answer.
INSTEAD = lazy(
    r"[^\n]{0,200}?[,.;—–-]\ ?(?:but|however|so),?\ (?:(?:with\ that|that)\ (?:being\ )?said,?\ )?"
    r"(?:i(?:'ll|'d|\ can|\ could|\ will|\ would)\b(?!\ (?:not|only|never|like\ to\ (?:point|remind)))"
    r"|here(?:'s|\ is|\ are)\b)",
    re.VERBOSE,
)

# In the place of a prompt: a request, a cause or a question of the user's own behind what he cannot do.
_VERBS = (
    r"(?:fix|draft|write|explain|suggest|rewrite|rephrase|translate|summari[sz]e|compose|propose|recommend|advise|design"
    r"|solve|debug|correct|outline|plan|prepare|list|help|show\ me|give\ me|tell\ me)"
)
_MODELS_OWN = (
    r"(?:guideline|polic|principle|program|training|knowledge|capabilit|abilit|limit|develop|creator|purpose|design|function"
    r"|role|response|apolog|terms|instructions|rules|safety|answer|scope|system|nature|view|opinion|ethic|core|own|content)"
)
OWN_REQUEST = lazy(
    rf"""(?:[.!?;:]\ |\n|\bso\ |\bhow\ to\ )(?:please\ |kindly\ |can\ you\ |could\ you\ |now\ ){{0,3}}
        {_VERBS}\b(?!\ (?:[a-z]+\ )?(?:your|you|more)\b)
    | \bhelp\ (?:me|us)\b(?!\ (?:understand|to\ help|help)) | \bbecause\ (?:i|my|we|our)\b(?!\ {_MODELS_OWN})
      (?![^.!?\n]{{0,30}}?\b(?:ai|model|assistant|bot|guidelines|policy|trained|designed|programmed|only|can't|cannot)\b)
    | \bmy\ (?!{_MODELS_OWN})
    | :\ [^\n]{{0,80}}?\b(?:says?|error|shows?|tells?|fails?|reports?|complains?)\b
    | (?:[.!?;,]\ |\n)(?:and\ |so\ |but\ )?(?:what|how|why|which|who|where|when
        |will|would|is|are|do|does|can|could|should|must|may)
        \b(?![^.!?\n]{{0,60}}?(?:\byou\ (?:like|want|prefer|mean|have|please|provide|share|clarify|specify|rephrase|send
          |paste|tell|try|describe|upload)\b|\belse\b|\bi\ (?:help|assist|do\ for)\b|\bi\ can\ (?:help|assist)
          |\b(?:another|different|instead)\b))[^.!?\n]{{1,300}}\?""",
    re.VERBOSE,
)
# Said of a request to rewrite a prompt; of other answers it may be the content.
_GIVEN = "(?:prompt|instruction|question|task)"
MISSING = rf"""
    (?:it\ (?:seems|appears|looks)\ (?:like\ |that\ |as\ if\ )?)?(?:(?:there\ (?:is|was)\ )?no\ (?:[a-z]+\ )?{_GIVEN}
      (?:\ (?:was|is|has\ been|were))?(?:\ (?:given|provided|included|shared)(?=[.,;!]|\Z|\ (?:in|for|to)\b)
        |\ (?:in\ your\ message|to\ (?:rewrite|evolve|rephrase|work\ with))\b|(?=[.!]\ please\b))
    | (?:you\ |you've\ |have\ |did\ )+(?:haven't|have\ not|didn't|did\ not|not)\ (?:provided?|included?|shared?|give
      |given)(?:\ me)?(?:\ with)?\ (?:an?|any|the|your)\ (?:[a-z]+\ )?(?:prompt|instruction)(?=[.,;!]|\Z|\ (?:to|for)\b)
    | (?:your\ {_GIVEN}|the\ given\ {_GIVEN}
        |the\ {_GIVEN}\ (?:that\ )?you(?:'ve|\ have)?\ (?:provided|gave|given|shared|sent|entered))
      \ (?:is|was|seems|appears)(?:\ to\ (?:be|have\ been))?\ (?:empty|missing|blank|cut\ off)
      (?=[.,;!]|\Z|\ (?:and|so)\b) )
  | (?:i(?:'m|\ am)\ (?:ready|happy|glad|here)\ to\ help(?:\ you)?[.!,]\ )?(?:please|could\ you(?:\ please)?)
    \ (?:share|provide|send|paste|enter|give\ me|type)(?:\ me)?\ (?:the|your|a)\ (?:[a-z]+\ )?
    {_GIVEN}\ (?:that\ )?(?:you(?:'d|\ would)?\ (?:like|want|wish|need)\ me\ to|to\ be\ rewritten
      |you\ want\ (?:rewritten|evolved|changed)|so\ (?:that\ )?i\ can)\b
"""
