/*
 * The session protocol of the router link (docs/protocol/link.md, sections 3 to 5 and 9) as spin checks it: two ends,
 * connections that break at any moment, processes that die, sessions that are resumed, given up and replaced, and one
 * lane of stanzas that goes from the end that sends to the end that receives.
 *
 * A step of the model is one event of a hub: it is atomic there as well, since a shard is one thread. ROW names a row of
 * the C++ machines that a step stands for (src/proto/link/session_life.cpp, machine.cpp): phases, event, act, facts.
 * check_rows holds these names against the tables; left_out.txt says which rows are not here, and why. check_model runs
 * spin, and sees to it that each of these rows is taken.
 *
 * Sizes are given with -D: LINKS; NODES (far nodes: 1 for all links, or 2 for two links); STANZAS; CUTS, DEATHS, LOOKS
 * (how often a connection breaks, a process dies, a time runs out); SLOTS (sessions that listeners open at most).
 * LISTENER_SENDS: stanzas go from edge to core. Otherwise from core to edge; with NAMES from core to presence node.
 * ESTABLISHED: links are open at first. UNBOUNDED: connections break as often as they like until, at any moment, it is calm.
 */

/* What pan can be told to do wrong (the environment variable FAULT has the number): each must be found. */
#define FORGET_ON_RESUME 1       /* what the far side lacks is not written again */
#define IGNORE_COUNT 2           /* all that is not done is written again, whatever has arrived */
#define SETTLE_ON_RECEIPT 3      /* done is what has arrived */
#define NO_FENCE 4               /* a session goes on over another connection, and the old one is read on */
#define KEEP_TICKETS 5           /* what an ended session had received is reported in the new one */
#define HIDE_WHAT_IS_GIVEN_UP 6  /* the dialler does not name the session that it has given up */
#define OPEN_WHAT_WAS_GIVEN_UP 7 /* an answer that comes too late opens the session once more */
#define FORGET_PREDECESSORS 8    /* a session that ends unnamed forgets which one it was to replace */
#define OVERTAKE 9               /* what comes in does not wait behind what is held */
#define LEAVE_THE_LANE 10        /* a lane changes its session with something under way */
#define TELL_DONE_ONCE 11        /* done is not reported again when a session is resumed */
#define KEEP_OLD_PROCESS 12      /* a new process does not replace the sessions of the old one */
#define WRITE_UNSORTED 13        /* a renewed session is written before the far side has said what it serves */
byte fault;

/* Says so when it is taken, once in a search and each time in a replay. */
#define ROW(text) c_code { { static char taken; if (!taken || readtrail) { taken = 1; printf("row: %s\n", text); } } }

/* Ends of sessions: 0 .. LINKS-1 at the dialler, one for each link; the rest at the listener, where the slot is the id. */
#define ENDS (LINKS + SLOTS)
#define AT_DIALLER(here) ((here) < LINKS)
#define ID(here) ((here) - LINKS + 1)
#define END(id) (LINKS + (id) - 1)

/* Connections: two for each link, since one may be dead for the dialler and not yet for the listener. */
#define CONNECTIONS (2 * LINKS)
#define LINK(old) ((old) / 2)

/* Nodes: the one that sends, and the far ones. */
#if NODES == 2
#define NODE(link) (link)
#else
#define NODE(link) 0
#endif
#ifdef LISTENER_SENDS
#define SENDS(here) (!AT_DIALLER(here))
#define FIRST_SENDER LINKS
#define LAST_SENDER (ENDS - 1)
#define DIALLER_NODES NODES
#define DIALLER_NODE(link) NODE(link)
#define LISTENER_NODES 1
#define LISTENER_NODE(link) 0
#else
#define SENDS(here) AT_DIALLER(here)
#define FIRST_SENDER 0
#define LAST_SENDER (LINKS - 1)
#define DIALLER_NODES 1
#define DIALLER_NODE(link) 0
#define LISTENER_NODES NODES
#define LISTENER_NODE(link) NODE(link)
#endif

/* Phases of SessionLife. */
#define closed 0 /* or there is none */
#define unnamed 1
#define sorting 2
#define named 3
#define broken 4
#define CONNECTED(here) (phase[here] == unnamed || phase[here] == sorting || phase[here] == named)

/* Phases of Machine, from the one on in which both ends know each other. */
#define none 0
#define session 1
#define open 2

/* Where a stanza is. */
#define with_source 0
#define held 1
#define done 2
#define told 3 /* its sender knows that it is returned */
#define IN(here) (4 + (here))
#define SETTLED(each) (where[each] == done || where[each] == told)
#if STANZAS == 1
#define ANY(what) (where[0] == what)
#define IDLE (where[0] < IN(0))
#define ALL_SETTLED SETTLED(0)
#elif STANZAS == 2
#define ANY(what) (where[0] == what || where[1] == what)
#define IDLE (where[0] < IN(0) && where[1] < IN(0))
#define ALL_SETTLED (SETTLED(0) && SETTLED(1))
#else
#define ANY(what) (where[0] == what || where[1] == what || where[2] == what)
#define IDLE (where[0] < IN(0) && where[1] < IN(0) && where[2] < IN(0))
#define ALL_SETTLED (SETTLED(0) && SETTLED(1) && SETTLED(2))
#endif

mtype = {ENABLE, RESUME, ENABLED, RESUMED, FAILED, BIND, STANZA, DONE};

/* Bytes on their way. */
#define PIPE (STANZAS + 4)
chan up[CONNECTIONS] = [PIPE] of {mtype, byte, byte}; /* dialler to listener */
chan down[CONNECTIONS] = [PIPE] of {mtype, byte, byte};

byte at_dialler[CONNECTIONS], at_listener[CONNECTIONS]; /* phases of Machine */
bool cut[CONNECTIONS];                                  /* what is written from now on does not arrive */
byte process_of_dialler[CONNECTIONS], process_of_listener[CONNECTIONS];
byte carries[CONNECTIONS]; /* the end at the listener whose session it carries, + 1 */

/* Sessions. */
byte phase[ENDS], before[ENDS];
byte connection[ENDS]; /* + 1; 0: none */
byte far_process[ENDS];
byte link_of[ENDS];
bool names[ENDS];                /* the far side serves where the stanzas go */
byte id[LINKS], given_up[LINKS]; /* at the dialler: Dialling::session_id and given_up */
byte replaces[ENDS];             /* at the listener */
byte doomed[ENDS];               /* at the listener: another session or hub has it ended, soon */
#define replaced 1
#define given_up_by_dialler 2
byte opened;

/* Windows, at the end that sends and at the one that receives. */
byte next[ENDS], written[ENDS], confirmed[ENDS];
byte received[ENDS], handled[ENDS], reported[ENDS]; /* a count, and sets of numbers */
typedef Numbers { byte mean[STANZAS + 1] };
Numbers tickets[ENDS]; /* which stanza a number means, + 1, until it is handled */
byte latest[ENDS];     /* the last that was received, + 1 */

byte where[STANZAS], number[STANZAS];

/* What is observed; no end knows it. */
bool crossed[STANZAS];    /* written in its present session: it may have arrived */
bool seen[STANZAS];       /* a far node was given it */
byte allowed[STANZAS] = 1; /* so often may a far node be given it, or its sender be told, from now on */
bool finished[STANZAS]; /* the next hop has acknowledged it */

byte dialler_process[DIALLER_NODES] = 1, listener_process[LISTENER_NODES] = 1; /* each start has another number */
byte present[NODES]; /* of the dialler's processes the one that is linked (Processes) */
bool serves = true;  /* a listener's node serves where the stanzas go */
byte cuts = CUTS, deaths = DEATHS, looks = LOOKS;
bool calm;

/* Links open one after the other, and nothing else happens meanwhile. */
#ifdef ESTABLISHED
bool early = true;
#if LINKS == 2
#define ALL_NAMED (phase[0] == named && phase[1] == named && phase[LINKS] == named && phase[LINKS + 1] == named)
#define MAY_BEGIN(c) (!early || (c) == 0 || phase[0] == named && phase[LINKS] == named)
#else
#define ALL_NAMED (phase[0] == named && phase[LINKS] == named)
#ifdef UNBOUNDED
/* One connection at a time: a request that is read late may end a session, and there would be no end of sessions. */
#define MAY_BEGIN(c) (at_listener[0] == none && at_listener[1] == none)
#else
#define MAY_BEGIN(c) true
#endif
#endif
#else
#define early false
#define MAY_BEGIN(c) true
#endif

/* Worth nothing between steps. */
hidden byte old, here, other, rest, its_link, nth, each, one, two, copy, drained_x, drained_y;
hidden mtype kind, drained;

inline write(pipe, via, what, a, b) {
    if
    :: !cut[via] -> pipe!what(a, b)
    :: else
    fi
}

inline drain(pipe) {
    do
    :: nempty(pipe) -> pipe?drained(drained_x, drained_y)
    :: empty(pipe) -> break
    od
}

/* The windows ---------------------------------------------------------------------------------------------------- */

/* Hub::pump, SendWindow::write_on: what is not written yet, in the order of numbers. */
inline pump(writer) {
    if
    :: connection[writer] != 0 && (phase[writer] == unnamed || phase[writer] == named || (fault == WRITE_UNSORTED && CONNECTED(writer))) ->
        nth = written[writer] + 1;
        do
        :: nth < next[writer] ->
            each = 0;
            do
            :: each < STANZAS && where[each] == IN(writer) && number[each] == nth ->
                if
                :: AT_DIALLER(writer) -> write(up[connection[writer] - 1], connection[writer] - 1, STANZA, each, 0)
                :: else -> write(down[connection[writer] - 1], connection[writer] - 1, STANZA, each, 0)
                fi;
                written[writer] = nth;
                crossed[each] = true;
                each++
            :: each < STANZAS && !(where[each] == IN(writer) && number[each] == nth) -> each++
            :: each == STANZAS -> break
            od;
            nth++
        :: else -> break
        od
    :: else
    fi
}

/* Hub::transmit without the writing. */
inline push(which, taker) {
    where[which] = IN(taker);
    number[which] = next[taker];
    next[taker]++
}

/* SendWindow::resume: the far side has received so many. */
#define COUNTS(e, h) ((h) <= written[e] && (h) >= confirmed[e])
inline resume_window(owner, h) {
    assert(COUNTS(owner, h));
    if
    :: fault == FORGET_ON_RESUME
    :: fault == IGNORE_COUNT -> written[owner] = confirmed[owner]
    :: else -> written[owner] = h; confirmed[owner] = h
    fi
}

/* The session in which it was is over for it. Once is promised; and once more for each session in which a stanza was
 * written and that ended before it was done. */
inline leave_session(which) {
    allowed[which] = allowed[which] + crossed[which];
    crossed[which] = false;
    number[which] = 0
}

/* It is returned. */
inline tell_sender(lost) {
    where[lost] = told;
    assert(allowed[lost] > 0);
    allowed[lost]--
}

/* SendWindow::restart: numbered from 1, in the order of the old numbers. */
inline restart_window(renewed) {
    rest = 1;
    nth = 1;
    do
    :: nth < next[renewed] ->
        each = 0;
        do
        :: each < STANZAS && where[each] == IN(renewed) && number[each] == nth ->
            leave_session(each);
            number[each] = rest;
            rest++;
            break
        :: each < STANZAS && !(where[each] == IN(renewed) && number[each] == nth) -> each++
        :: each == STANZAS -> break
        od;
        nth++
    :: else -> break
    od;
    next[renewed] = rest;
    written[renewed] = 0;
    confirmed[renewed] = 0
}

inline forget_received(emptied) {
    nth = 0;
    do
    :: nth <= STANZAS -> tickets[emptied].mean[nth] = 0; nth++
    :: else -> break
    od;
    received[emptied] = 0;
    reported[emptied] = 0;
    handled[emptied] = 0;
    latest[emptied] = 0
}

/* Hub::stanza: the far node is given it. */
inline receive(at, which) {
    received[at]++;
    tickets[at].mean[received[at]] = which + 1;
    if
    :: fault == SETTLE_ON_RECEIPT -> handled[at] = handled[at] | (1 << received[at])
    :: else
    fi;
    /* Order: in a session always, and over all sessions nothing arrives for the first time that overtakes. */
    assert(which + 1 > latest[at]);
    latest[at] = which + 1;
    if
    :: !seen[which] ->
        each = 0;
        do
        :: each < which -> assert(seen[each] || where[each] == told); each++
        :: else -> break
        od
    :: else
    fi;
    seen[which] = true;
#ifdef NAMES
    /* Nothing goes to a process that has not said that it serves it. */
    assert(serves);
#endif
    assert(allowed[which] > 0);
    allowed[which]--
}

/* Hub::done, SendWindow::done. */
inline take_done(at, numbers) {
    assert((numbers >> (written[at] + 1)) == 0);
    each = 0;
    do
    :: each < STANZAS ->
        if
        :: where[each] == IN(at) && (numbers & (1 << number[each])) != 0 ->
            /* Nothing is acknowledged to its sender that the next hop has not acknowledged. */
            assert(finished[each]);
            if
            :: number[each] > confirmed[at] -> confirmed[at] = number[each]
            :: else
            fi;
            where[each] = done;
            number[each] = 0;
            crossed[each] = false
        :: else
        fi;
        each++
    :: else -> break
    od
}

/* Of no use to the end that is left, which will notice; of no use at all when both are gone. */
inline forget_connection(gone) {
    cut[gone] = (at_dialler[gone] != none || at_listener[gone] != none);
    if
    :: !cut[gone] -> process_of_dialler[gone] = 0; process_of_listener[gone] = 0
    :: else
    fi
}

/* How sessions end ------------------------------------------------------------------------------------------------ */

inline close_at_listener(via) {
    at_listener[via] = none;
    drain(up[via]);
    carries[via] = 0;
    forget_connection(via)
}

inline close_at_dialler(via) {
    at_dialler[via] = none;
    drain(down[via]);
    forget_connection(via)
}

inline forget_end(ended) {
    phase[ended] = closed;
    before[ended] = 0;
    connection[ended] = 0;
    far_process[ended] = 0;
    link_of[ended] = 0;
    names[ended] = false;
    replaces[ended] = 0;
    doomed[ended] = 0;
    next[ended] = 0;
    written[ended] = 0;
    confirmed[ended] = 0;
    forget_received(ended)
}

/* Unless it is about to end anyway. */
inline doom(victim) {
    if
    :: phase[victim] != closed && doomed[victim] == 0 -> doomed[victim] = given_up_by_dialler
    :: else
    fi
}

/* Hub::pass_on and Hub::close_session: others take what it carries; the `old` first of it are returned. */
inline end_session(at, old) {
    rest = old;
    each = 0;
    do
    :: each < STANZAS ->
        if
        :: where[each] == IN(at) ->
            leave_session(each);
            where[each] = held;
            if
            :: rest > 0 ->
                tell_sender(each);
                rest--
            :: else
            fi
        :: else
        fi;
        each++
    :: else -> break
    od;
    if
    :: AT_DIALLER(at) ->
        given_up[at] = (fault == HIDE_WHAT_IS_GIVEN_UP -> 0 : id[at]);
        id[at] = 0
    :: else ->
        /* What it was to replace has been given up as well, and nobody else knows. */
        if
        :: replaces[at] != 0 && fault != FORGET_PREDECESSORS ->
            doom(END(replaces[at]))
        :: else
        fi
    fi;
    forget_end(at)
}

inline lose(at) {
    ROW("SessionLife: connected, lost, lose");
    connection[at] = 0;
    before[at] = phase[at];
    phase[at] = broken
}

/* Hub::go_on, beside what a listener answers. */
inline go_on(at, on_connection, count) {
    connection[at] = on_connection + 1;
    if
    :: phase[at] == broken -> phase[at] = before[at]; before[at] = 0
    :: else
    fi;
    if
    :: SENDS(at) -> resume_window(at, count); pump(at)
    :: !SENDS(at) && fault != TELL_DONE_ONCE -> handled[at] = handled[at] | reported[at]; reported[at] = 0
    :: else
    fi
}

/* The far side says what it serves. */
inline learn(hearer) {
    if
    :: phase[hearer] == unnamed -> ROW("SessionLife: unnamed, bound, learn"); phase[hearer] = named
    :: phase[hearer] == named -> ROW("SessionLife: named, bound, learn but not too_soon")
    :: else /* what no row names changes nothing */
    fi
}

/* The listener ------------------------------------------------------------------------------------------------------ */

/* Hub::is_copy: a process that has made way, while the one that took its place is linked. */
inline is_copy(wire) {
    copy = 0;
    other = LINKS;
    do
    :: other < ENDS ->
        if
        :: process_of_dialler[wire] < present[NODE(LINK(wire))] && CONNECTED(other) &&
                NODE(link_of[other]) == NODE(LINK(wire)) && far_process[other] == present[NODE(LINK(wire))] -> copy = 1
        :: else
        fi;
        other++
    :: else -> break
    od
}

inline listener_bound(at) {
    learn(at);
    names[at] = (phase[at] == named);
    /* Hub::succeed. Hubs of other shards hear of it later; so does everyone here. */
    present[NODE(link_of[at])] = far_process[at];
    other = LINKS;
    do
    :: other < ENDS ->
        if
        :: phase[other] != closed && NODE(link_of[other]) == NODE(link_of[at]) && far_process[other] != far_process[at] &&
                fault != KEEP_OLD_PROCESS -> doomed[other] = replaced
        :: else
        fi;
        other++
    :: else -> break
    od;
    if
    :: replaces[at] != 0 -> doom(END(replaces[at]))
    :: else
    fi;
    replaces[at] = 0;
#ifdef ESTABLISHED
    early = early && !ALL_NAMED
#endif
}

inline listener_enables(wire, gone) {
    ROW("Machine: session, enable, session_enable but not dialler");
    assert(opened < SLOTS);
    here = LINKS + opened;
    opened++;
    at_listener[wire] = open;
    phase[here] = unnamed;
    far_process[here] = process_of_dialler[wire];
    link_of[here] = LINK(wire);
    connection[here] = wire + 1;
    carries[wire] = here + 1;
    replaces[here] = gone;
    next[here] = 1;
    write(down[wire], wire, ENABLED, ID(here), 0);
    write(down[wire], wire, BIND, serves, 0)
}

inline listener_resumes(wire, which, h) {
    ROW("Machine: session, resume, session_resume but not dialler");
    here = END(which);
    if
    :: phase[here] == closed -> write(down[wire], wire, FAILED, 0, 0)
    :: else ->
        if
        :: connection[here] != 0 && fault != NO_FENCE ->
            ROW("SessionLife: connected, resumed, take_over if lives");
            old = connection[here] - 1;
            close_at_listener(old)
        :: connection[here] != 0 && fault == NO_FENCE
        :: connection[here] == 0 -> ROW("SessionLife: broken, resumed, go_on")
        fi;
        at_listener[wire] = open;
        carries[wire] = here + 1;
        write(down[wire], wire, RESUMED, which, received[here]);
        if
        :: SENDS(here) && !COUNTS(here, h) ->
            /* It was written before a later request that has been read first. */
            ROW("SessionLife: connected, miscounted, refuse");
            close_at_listener(wire);
            end_session(here, 0)
        :: else ->
            go_on(here, wire, h);
            write(down[wire], wire, BIND, serves, 0)
        fi
    fi
}

inline listener_reads(socket) {
    up[socket]?kind(one, two);
    here = carries[socket] - 1;
    if
    :: kind == ENABLE || kind == RESUME ->
        assert(at_listener[socket] == session);
        is_copy(socket);
        if
        :: copy == 1 -> close_at_listener(socket)
        :: copy == 0 && kind == ENABLE -> listener_enables(socket, one)
        :: copy == 0 && kind == RESUME -> listener_resumes(socket, one, two)
        fi
    :: else ->
        assert(at_listener[socket] == open);
        if
        :: carries[socket] == 0
        :: carries[socket] != 0 && kind == BIND ->
            ROW("Machine: open, bind, bound");
            listener_bound(here)
        :: carries[socket] != 0 && kind == STANZA -> receive(here, one)
        :: carries[socket] != 0 && kind == DONE ->
            ROW("Machine: open, done, done_received");
            take_done(here, one)
        fi
    fi
}

/* The dialler ------------------------------------------------------------------------------------------------------- */

/* Hub::dialled to Hub::session_wanted, with what both ends say in between. */
inline dial(wire) {
    ROW("Machine: handshake, handshake, handshake_accepted if dialler");
    its_link = LINK(wire);
    at_dialler[wire] = session;
    at_listener[wire] = session;
    cut[wire] = false;
    process_of_dialler[wire] = dialler_process[DIALLER_NODE(its_link)];
    process_of_listener[wire] = listener_process[LISTENER_NODE(its_link)];
    if
    :: phase[its_link] != closed && far_process[its_link] == process_of_listener[wire] -> write(up[wire], wire, RESUME, id[its_link], received[its_link])
    :: else -> write(up[wire], wire, ENABLE, given_up[its_link], 0)
    fi
}

/* Hub::open_session. */
inline dialler_opens(wire, which) {
    at_dialler[wire] = open;
    phase[its_link] = unnamed;
    id[its_link] = which;
    far_process[its_link] = process_of_listener[wire];
    connection[its_link] = wire + 1;
    link_of[its_link] = its_link;
    next[its_link] = 1;
    given_up[its_link] = 0
}

/* Hub::begin_anew. */
inline begin_anew(wire, which) {
    at_dialler[wire] = open;
#ifdef NAMES
    if
    :: ANY(IN(its_link)) ->
        ROW("SessionLife: broken, renewed, begin_anew if hangs");
        phase[its_link] = sorting
    :: else -> phase[its_link] = unnamed
    fi;
#else
    ROW("SessionLife: broken, renewed, begin_anew but not hangs");
    phase[its_link] = unnamed;
#endif
    before[its_link] = 0;
    id[its_link] = which;
    far_process[its_link] = process_of_listener[wire];
    connection[its_link] = wire + 1;
    names[its_link] = false;
    given_up[its_link] = 0;
    if
    :: fault == KEEP_TICKETS -> received[its_link] = 0; latest[its_link] = 0
    :: else -> forget_received(its_link)
    fi;
    restart_window(its_link);
    pump(its_link)
}

/* Hub::sort: of one lane all that is not written stays or goes. */
inline sort(at) {
    each = 0;
    do
    :: each < STANZAS ->
        if
        :: where[each] == IN(at) && number[each] > written[at] && !names[at] ->
            leave_session(each);
            where[each] = held;
            next[at]--
        :: else
        fi;
        each++
    :: else -> break
    od;
    pump(at)
}

inline dialler_bound(says) {
    names[its_link] = says;
    if
    :: phase[its_link] == sorting ->
        ROW("SessionLife: sorting, bound, learn_and_sort");
        phase[its_link] = named;
        sort(its_link)
    :: else ->
        learn(its_link)
    fi;
    /* Hub::succeed. */
    other = 0;
    do
    :: other < LINKS ->
        if
        :: phase[other] == broken && NODE(other) == NODE(its_link) && far_process[other] != far_process[its_link] ->
            ROW("SessionLife: broken, replaced, bury");
            end_session(other, 0)
        :: else
        fi;
        other++
    :: else -> break
    od;
#ifdef ESTABLISHED
    early = early && !ALL_NAMED
#endif
}

inline dialler_reads(socket) {
    down[socket]?kind(one, two);
    its_link = LINK(socket);
    assert(at_dialler[socket] == ((kind == ENABLED || kind == RESUMED || kind == FAILED) -> session : open));
    if
    :: kind == ENABLED ->
        ROW("Machine: session, enabled, session_enabled if dialler");
        if
        :: phase[its_link] == broken -> begin_anew(socket, one)
        :: phase[its_link] == closed -> dialler_opens(socket, one)
        fi;
        write(up[socket], socket, BIND, true, 0)
    :: kind == RESUMED ->
        ROW("Machine: session, resumed, session_resumed if dialler");
        if
        :: phase[its_link] == broken && id[its_link] == one ->
            ROW("SessionLife: broken, resumed, go_on");
            at_dialler[socket] = open;
            go_on(its_link, socket, two);
            write(up[socket], socket, BIND, true, 0)
        :: phase[its_link] == closed && fault == OPEN_WHAT_WAS_GIVEN_UP ->
            dialler_opens(socket, one);
            write(up[socket], socket, BIND, true, 0)
        :: phase[its_link] == closed && fault != OPEN_WHAT_WAS_GIVEN_UP ->
            /* It has been given up since it was asked for: the next connection says so. */
            close_at_dialler(socket)
        fi
    :: kind == FAILED ->
        ROW("Machine: session, failed, session_failed if dialler but not begun_anew");
        write(up[socket], socket, ENABLE, 0, 0)
    :: kind == BIND ->
        ROW("Machine: open, bind, bound");
        dialler_bound(one)
    :: kind == STANZA -> receive(its_link, one)
    :: kind == DONE ->
        ROW("Machine: open, done, done_received");
        take_done(its_link, one)
    fi
}

/* What happens ------------------------------------------------------------------------------------------------------ */

/* The connections of a link, one after the other. */
proctype Connection(byte self) {
end:
    do
    :: d_step { /* Hub::connect: one at a time as the dialler knows them, though the listener may have an older one */
        at_dialler[2 * LINK(self)] == none && at_dialler[2 * LINK(self) + 1] == none && at_listener[self] == none &&
            (self % 2 == 0 || at_listener[self - 1] != none) && MAY_BEGIN(self) ->
        dial(self)
    }
    :: d_step { at_listener[self] != none && nempty(up[self]) -> listener_reads(self) }
    :: d_step { at_dialler[self] != none && nempty(down[self]) -> dialler_reads(self) }
    :: d_step { /* It breaks. */
        cuts > 0 && !cut[self] && !calm && !early && (at_dialler[self] != none || at_listener[self] != none) ->
        cut[self] = true;
#ifndef UNBOUNDED
        cuts--
#endif
    }
    :: d_step { /* Hub::closed: each end notices at some time, and has read what came until then, or a part of it. */
        at_dialler[self] != none && cut[self] ->
        ROW("Machine: unfinished, stream_error, stream_error");
        ROW("Machine: unfinished, footer, finish");
        close_at_dialler(self);
        if
        :: connection[LINK(self)] == self + 1 -> lose(LINK(self))
        :: else
        fi
    }
    :: d_step {
        at_listener[self] != none && cut[self] ->
        here = carries[self] - 1;
        if
        :: carries[self] == 0
        :: carries[self] != 0 && connection[here] == self + 1 -> lose(here)
        :: carries[self] != 0 && connection[here] != self + 1
        fi;
        close_at_listener(self)
    }
    od
}

/* Hub::choose: the session that has the rest of the lane, or else any that may carry it. (Which one is a matter of
 * weights in the hub.) */
#if defined(LISTENER_SENDS) || defined(NAMES)
#define MAY_CARRY(here) (phase[here] != closed && names[here])
#else
#define MAY_CARRY(here) (phase[here] != closed)
#endif
#define CHOSEN(here) (MAY_CARRY(here) && IDLE || ANY(IN(here)) || MAY_CARRY(here) && fault == LEAVE_THE_LANE)

#ifdef LISTENER_SENDS
#if SLOTS == 2
#define NOBODY (!MAY_CARRY(LINKS) && !MAY_CARRY(LINKS + 1))
#elif SLOTS == 3
#define NOBODY (!MAY_CARRY(LINKS) && !MAY_CARRY(LINKS + 1) && !MAY_CARRY(LINKS + 2))
#elif SLOTS == 4
#define NOBODY (!MAY_CARRY(LINKS) && !MAY_CARRY(LINKS + 1) && !MAY_CARRY(LINKS + 2) && !MAY_CARRY(LINKS + 3))
#elif SLOTS == 5
#define NOBODY (!MAY_CARRY(LINKS) && !MAY_CARRY(LINKS + 1) && !MAY_CARRY(LINKS + 2) && !MAY_CARRY(LINKS + 3) && !MAY_CARRY(LINKS + 4))
#endif
#elif LINKS == 2
#define NOBODY (!MAY_CARRY(0) && !MAY_CARRY(1))
#else
#define NOBODY (!MAY_CARRY(0))
#endif

/* A session's end that sends. */
proctype Sending(byte self) {
end:
    do
    :: d_step { /* Hub::take: the next one */
        !early && ANY(with_source) && (!ANY(held) || fault == OVERTAKE) && CHOSEN(self) ->
        each = 0;
        do
        :: where[each] != with_source -> each++
        :: else -> break
        od;
        push(each, self);
        pump(self)
    }
    :: d_step { /* Hub::flush_held */
        ANY(held) && CHOSEN(self) ->
        each = 0;
        do
        :: each < STANZAS ->
            if
            :: where[each] == held -> push(each, self)
            :: else
            fi;
            each++
        :: else -> break
        od;
        pump(self)
    }
    od
}

/* The node that sends, where no session takes the stanza. */
proctype Holding() {
end:
    do
    :: d_step { /* Hub::take: it waits; so does what comes behind it */
        !early && ANY(with_source) && (ANY(held) || IDLE && NOBODY) ->
        each = 0;
        do
        :: where[each] != with_source -> each++
        :: else -> break
        od;
        where[each] = held
    }
    :: d_step { /* Hub::return_old: the oldest has waited too long */
        looks > 0 && ANY(held) ->
        looks--;
        each = 0;
        do
        :: where[each] != held -> each++
        :: else -> break
        od;
        tell_sender(each)
    }
    od
}

/* A session's end that receives: the next hop acknowledges, in any order. */
#define NEXT_HOP_TAKES(nth) \
    d_step { \
        tickets[self].mean[nth] != 0 -> \
        finished[tickets[self].mean[nth] - 1] = true; \
        tickets[self].mean[nth] = 0; \
        handled[self] = handled[self] | (1 << nth) \
    }
proctype Receiving(byte self) {
end:
    do
    :: NEXT_HOP_TAKES(1)
#if STANZAS > 1
    :: NEXT_HOP_TAKES(2)
#endif
#if STANZAS > 2
    :: NEXT_HOP_TAKES(3)
#endif
    :: d_step { /* Hub::send_done */
        handled[self] != 0 && connection[self] != 0 ->
        if
        :: AT_DIALLER(self) -> write(up[connection[self] - 1], connection[self] - 1, DONE, handled[self], 0)
        :: else -> write(down[connection[self] - 1], connection[self] - 1, DONE, handled[self], 0)
        fi;
        reported[self] = reported[self] | handled[self];
        handled[self] = 0
    }
    od
}

/* How a session's end comes to an end. */
proctype Ending(byte self) {
end:
    do
    :: d_step { /* Hub::replace, Hub::give_up, each on the shard of the session */
        doomed[self] != 0 ->
        if
        :: connection[self] != 0 && doomed[self] == replaced -> ROW("SessionLife: connected, replaced, bury but not dialler")
        :: connection[self] != 0 && doomed[self] != replaced -> ROW("SessionLife: connected, given_up, give_up")
        :: connection[self] == 0 && doomed[self] == replaced -> ROW("SessionLife: broken, replaced, bury")
        :: connection[self] == 0 && doomed[self] != replaced -> ROW("SessionLife: broken, given_up, pass_on")
        fi;
        if
        :: connection[self] != 0 -> old = connection[self] - 1; close_at_listener(old)
        :: else
        fi;
        end_session(self, 0)
    }
    :: d_step { /* Hub::sweep: there is another node, or it is too long, and nothing that it carries has waited so long */
        phase[self] == broken && looks > 0 ->
        ROW("SessionLife: broken, look, expire if expired");
        ROW("SessionLife: broken, look, expire if away and others but not expired and stale");
        looks--;
        end_session(self, 0)
    }
    :: d_step { /* Hub::sweep: the first of what it carries has waited for the hold time */
        phase[self] == broken && looks > 0 && ANY(IN(self)) ->
        ROW("SessionLife: broken, look, expire if stale but not expired");
        looks--;
        end_session(self, 1)
    }
    od
}

/* A process dies, and another one comes in its place. What it had is gone; whoever keeps a stanza sends it again. */
inline forget_stanzas(at) {
    each = 0;
    do
    :: each < STANZAS ->
        if
        :: where[each] == IN(at) -> leave_session(each); where[each] = with_source
        :: where[each] == held -> where[each] = with_source
        :: else
        fi;
        each++
    :: else -> break
    od
}

inline dialler_dies(node) {
    deaths--;
    dialler_process[node]++;
    old = 0;
    do
    :: old < CONNECTIONS ->
        if
        :: DIALLER_NODE(LINK(old)) == node && at_dialler[old] != none -> close_at_dialler(old)
        :: else
        fi;
        old++
    :: else -> break
    od;
    other = 0;
    do
    :: other < LINKS ->
        if
        :: DIALLER_NODE(other) == node ->
            if
            :: SENDS(other) -> forget_stanzas(other)
            :: else
            fi;
            forget_end(other);
            id[other] = 0;
            given_up[other] = 0
        :: else
        fi;
        other++
    :: else -> break
    od;
    other = 0
}

inline listener_dies(node) {
    deaths--;
    listener_process[node]++;
    old = 0;
    do
    :: old < CONNECTIONS ->
        if
        :: LISTENER_NODE(LINK(old)) == node && at_listener[old] != none -> close_at_listener(old)
        :: else
        fi;
        old++
    :: else -> break
    od;
    other = LINKS;
    do
    :: other < ENDS ->
        if
        :: phase[other] != closed && LISTENER_NODE(link_of[other]) == node ->
            present[NODE(link_of[other])] = 0;
            if
            :: SENDS(other) -> forget_stanzas(other)
            :: else
            fi;
            forget_end(other)
        :: else
        fi;
        other++
    :: else -> break
    od;
    other = 0;
#ifdef NAMES
    serves = false
#endif
}

proctype Death() {
end:
    do
    :: d_step { deaths > 0 && !early -> dialler_dies(0) }
    :: d_step { deaths > 0 && !early -> listener_dies(0) }
#if NODES == 2
#ifdef LISTENER_SENDS
    :: d_step { deaths > 0 && !early -> dialler_dies(1) }
#else
    :: d_step { deaths > 0 && !early -> listener_dies(1) }
#endif
#endif
#ifdef NAMES
    :: d_step { /* Hub::serve: the new process serves the domain, at last */
        !serves ->
        serves = true;
        old = 0;
        do
        :: old < CONNECTIONS ->
            if
            :: at_listener[old] == open -> write(down[old], old, BIND, true, 0)
            :: else
            fi;
            old++
        :: else -> break
        od;
        old = 0
    }
#endif
#ifdef UNBOUNDED
    :: !calm -> calm = true
#endif
    od
}

/* Nothing can happen any more. */
proctype End() {
end:
    timeout -> assert(ALL_SETTLED)
}

#ifdef UNBOUNDED
ltl settles { (<> calm) -> (<> ALL_SETTLED) }
#endif

init {
    d_step {
        c_code { now.fault = getenv("FAULT") ? (unsigned char)atoi(getenv("FAULT")) : 0; };
        old = 0
    }
    atomic {
        byte at = 0;
        do
        :: at < CONNECTIONS -> run Connection(at); at++
        :: else -> break
        od;
        at = 0;
        do
        :: at < ENDS ->
            if
            :: SENDS(at) -> run Sending(at)
            :: else -> run Receiving(at)
            fi;
            run Ending(at);
            at++
        :: else -> break
        od;
        run Holding();
        run Death();
        run End();
        at = 0
    }
}
