"""Closed word classes that the rules refer to, all folded and in lemma form."""

from __future__ import annotations

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


STOP: Final = _words(
    """a an the this that these those and or but nor so yet for of in on at to from by with without
    as into onto over under about after before during since until till while when where why how if
    because although though unless whereas whether than then there here it its it's he him his she
    her hers they them their we us our you your yours i me my mine myself is was are were be been
    being am do does did has have had having will would shall should can could may might must not no
    yes which who whom whose what one two some any all both each every many much most more several
    such other another same own just also too very however therefore thus hence moreover
    furthermore meanwhile additionally later earlier today yesterday tomorrow now once again among
    between within through throughout despite upon via per like unlike only even still well
    according following based let's i'm i've i'll i'd you're you've it'd that's there's what's
    who's he's she's they're we're we've we'll let its"""
)
GREETINGS: Final = _words(
    """oh hey hi hello wow woah whoa yay phew whew aww oof ugh yup
    gonna gon thanks thank yeah yep yes nope ok okay haha sure
    please sorry congrats congratulations absolutely definitely totally really bye gotcha lol btw
    dear"""
)
EXCLAIMED: Final = GREETINGS | _words(
    """sounds good great nice awesome cool glad looking amazing love loving fun exactly right true
    welcome keep take making being happy excited"""
)
CALENDAR: Final = _words(
    """january february march april may june july august september october november december jan
    feb mar apr jun jul aug sep sept oct nov dec monday tuesday wednesday thursday friday saturday
    sunday mon tue wed thu fri sat sun spring summer autumn winter ad bc bce ce am pm"""
)
CONNECTORS: Final = _words("of the de la van von da di del du der den le el ibn bin al y")
HONORIFICS: Final = _words("mr mrs ms miss dr prof")
NOT_A_HEAD: Final = _words(
    """king queen duke duchess list battle history prince princess count countess earl emperor
    empress bishop archbishop archdeacon lord lady university house kingdom republic state city
    county district province siege treaty church museum department ministry bank board court
    government president secretary minister mayor governor index outline timeline geography
    economy politics culture demographics the"""
)
PERSON_NOUNS: Final = _words(
    """man woman boy girl person actor actress king queen prince princess duke duchess count
    countess earl baron baroness emperor empress bishop archbishop pope saint monk nun priest
    lawyer judge doctor nurse engineer poet author writer novelist journalist painter sculptor
    architect composer musician singer songwriter rapper dancer director producer filmmaker
    screenwriter photographer politician statesman diplomat soldier officer general admiral captain
    colonel footballer player cricketer swimmer boxer wrestler athlete coach manager scientist
    physicist chemist biologist mathematician philosopher theologian historian economist professor
    scholar teacher businessman businesswoman entrepreneur son daughter wife husband father mother
    brother sister nobleman noblewoman margrave ruler explorer astronaut pilot activist model
    comedian chef president minister senator governor mayor friend colleague student cousin uncle
    aunt nephew niece grandson granddaughter grandfather grandmother widow member-of-parliament
    pianist violinist guitarist drummer conductor cinematographer editor inventor designer artist
    princess consort bassist vocalist driver racer jockey golfer goalkeeper midfielder defender
    striker forward missionary rabbi imam heiress aristocrat socialite playwright
    dramatist critic translator publisher banker merchant farmer spy criminal gangster murderer
    mom mum dad grandma grandpa girlfriend boyfriend fiance roommate neighbor neighbour boss guy
    lady kid child baby partner therapist mentor shepherd servant slave sailor worker hunter warrior
    knight peasant thief prisoner victim survivor passenger guest tourist immigrant refugee citizen
    resident candidate nominee winner champion lieutenant sergeant commander veteran agent detective
    policeman policewoman firefighter butler maid cook baker butcher tailor carpenter miner
    fisherman trader broker accountant clerk consultant analyst programmer developer researcher
    lecturer tutor pupil apprentice graduate ally enemy rival leader owner founder employee employer
    supporter follower hero heroine villain protagonist twin orphan heir ancestor descendant
    stepfather stepmother stepson stepdaughter godfather bride groom teenager infant gentleman
    viscount marquess sultan caliph tsar regent consul ambassador envoy spokesman spokeswoman
    chairman chairwoman treasurer magistrate attorney prosecutor reformer rebel martyr prophet
    disciple apostle preacher pastor vicar deacon friar abbot abbess"""
)
WORK_NOUNS: Final = _words(
    """film movie album song single novel book series play opera musical episode poem painting
    magazine newspaper journal game show sitcom documentary soundtrack comic manga anime story
    trilogy ballet symphony program programme ep lp sculpture drama thriller comedy western
    treatise memoir biography autobiography"""
)
ORGANISATION_NOUNS: Final = _words(
    """company band group club team university college school party organisation organization
    association agency firm corporation label studio bank airline church army institute foundation
    society union committee department ministry network station channel publisher brand
    manufacturer hospital museum orchestra league federation council startup squadron regiment
    subsidiary conglomerate retailer restaurant"""
)
PLACE_NOUNS: Final = _words(
    """city town village municipality county district province state country river lake mountain
    island region suburb neighborhood neighbourhood capital commune borough parish township
    settlement area peninsula valley park street road building bridge castle airport kingdom
    republic territory bay sea ocean desert forest hamlet community peak volcano canal port
    cemetery stadium arena"""
)
SITED_NOUNS: Final = PLACE_NOUNS | _words(
    """school college university church cathedral chapel temple mosque abbey monastery museum
    gallery library hospital hotel house hall tower palace mansion fort station estate monument
    theatre theater prison mill lighthouse dam mine farm reserve place plaza center centre
    headquarters site venue tributary waterfall glacier plateau ridge range"""
)
EVENT_NOUNS: Final = _words(
    """war battle election tournament championship festival conference revolution siege treaty
    ceremony season race match competition massacre earthquake campaign rebellion uprising
    accident disaster attack olympics"""
)
FIRM_NOUNS: Final = _words(
    """inc ltd llc plc gmbh corp shipping energy instruments systems industries motors airways
    airlines technologies laboratories records pictures studios holdings logistics pharmaceuticals
    electronics software enterprises"""
)
"""Last words of a firm's name."""
FORCE_NOUNS: Final = _words(
    """flood storm fire hurricane tornado earthquake avalanche tsunami eruption explosion wind frost
    drought landslide blaze"""
)
ANIMAL_NOUNS: Final = _words(
    """dog puppy cat kitten horse pony pup parrot rabbit hamster turtle bird pet"""
)
SPEAKER_PRONOUNS: Final = _words("i me my mine myself we us our ours ourselves")
PARTNER_PRONOUNS: Final = SPEAKER_PRONOUNS | _words("you your yours yourself")
"""Who speaks, and who is spoken to."""
FEMALE: Final = _words(
    """she her hers herself woman girl actress queen princess duchess countess baroness empress nun
    wife mother daughter sister aunt niece granddaughter grandmother widow businesswoman
    noblewoman heiress girlfriend mom mum grandma lady"""
)
MALE: Final = _words(
    """he him his himself man boy king prince duke count earl baron emperor monk husband father son
    brother uncle nephew grandson grandfather widower businessman nobleman boyfriend"""
)
SAYING_VERBS: Final = _words(
    """say claim state report announce tell write argue suggest note explain mention add insist
    admit declare confirm reveal allege assert believe think feel"""
)
AIMED_VERBS: Final = _words(
    """work come go return travel move leave stop stay gather meet unite fight campaign rise act use
    build create form design establish found organise organize write hold set"""
)
INTENDING_VERBS: Final = _words(
    """want plan intend hope wish try decide agree expect promise aim seek prepare attempt propose
    offer like love"""
)
