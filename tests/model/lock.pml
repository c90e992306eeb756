/*
 * The lock of shared/store/lock.ts, a death at any step, and the recovery of shared/store/recovery.ts.
 *
 * THREADS threads each take one lock ROUNDS times and change two words under it. One of them may die before any of its
 * steps. Then recovery undoes the change that was not committed, frees the lock, wakes all who sleep, and a successor
 * works in the dead one's place.
 *
 * Checked: one thread at a time is inside, nobody sees half of a change, nobody sleeps for ever (an invalid end state),
 * and at the end the lock is free and nothing is left to undo. Time never passes: no sleep ends by its timeout.
 *
 * Flaws to plant with -D: NO_WAKE_ALL (recovery wakes nobody), NO_UNDO (it undoes nothing), NO_CONTENDED (who has
 * slept takes the lock as uncontended; needs THREADS=3).
 */
#ifndef THREADS
#define THREADS 3
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif

/* The lock word: owner * 2, plus 1 when contended; owners count from 1. */
byte word = 0;
/* Who sleeps on the word, by owner. */
bool sleeps[THREADS + 1];
/* What is written down in a thread's slot. */
bool notesLock[THREADS + 1];
byte undoCount[THREADS + 1];
byte undo[THREADS + 1];
/* The two words that the lock protects. */
byte first = 0;
byte second = 0;

/* Who is between taking the lock and committing, as a dead thread still is until its lock is freed. */
byte holder = 0;
/* Who is to die; 0: nobody, so far. */
byte dying = 0;
byte ended = 0;

#define mine (owner * 2)

/* One of those who sleep, whichever it is. */
inline wakeOne() {
  if
  :: sleeps[1] -> sleeps[1] = false
  :: sleeps[2] -> sleeps[2] = false
#if THREADS > 2
  :: sleeps[3] -> sleeps[3] = false
#endif
  :: else -> skip
  fi
}

inline takeLock() {
  notesLock[owner] = true;
  /* The first try, and every look of a spinning thread that finds the word free. */
  atomic {
    if
    :: word == 0 -> word = mine; goto holdsLock
    :: else -> skip
    fi
  }
again:
  found = word;
  if
  :: found == 0 ->
    atomic {
      if
#ifdef NO_CONTENDED
      :: word == 0 -> word = mine; goto holdsLock
#else
      :: word == 0 -> word = mine + 1; goto holdsLock
#endif
      :: else -> goto again
      fi
    }
  :: found != 0 && found % 2 == 0 ->
    atomic {
      if
      :: word == found -> word = found + 1; found = found + 1
      :: else -> goto again
      fi
    }
  :: else -> skip
  fi;
  /* Compares and falls asleep at once, as Atomics.wait does. */
  atomic {
    if
    :: word == found -> sleeps[owner] = true
    :: else -> goto again
    fi
  };
  !sleeps[owner];
  goto again;
holdsLock:
  skip
}

inline changeBoth() {
  d_step { assert(holder == 0); holder = owner };
  assert(first == second);
  undo[owner] = first;
  undoCount[owner] = 1;
  first++;
  second++;
  /* The commit. */
  d_step { undoCount[owner] = 0; holder = 0 }
}

inline freeLock() {
  d_step { found = word; word = 0 };
  assert(found / 2 == owner);
  if
  :: found % 2 == 1 -> atomic { wakeOne() }
  :: else -> skip
  fi;
  notesLock[owner] = false
}

/* Runs on the main thread once the dead thread can write no more. */
inline recover() {
#ifndef NO_UNDO
  if
  :: undoCount[owner] == 1 -> second = undo[owner]; first = undo[owner]
  :: else -> skip
  fi;
#endif
  undoCount[owner] = 0;
  if
  :: notesLock[owner] && word / 2 == owner ->
    d_step {
      word = 0;
      if
      :: holder == owner -> holder = 0
      :: else -> skip
      fi
    }
  :: else -> skip
  fi;
  notesLock[owner] = false;
#ifndef NO_WAKE_ALL
  sleeps[1] = false;
  sleeps[2] = false;
#if THREADS > 2
  sleeps[3] = false;
#endif
#endif
  skip
}

proctype Worker(byte owner; bool isSuccessor) {
  byte found = 0;
  byte round = 0;
  {
    if
    :: isSuccessor -> recover()
    :: else -> skip
    fi;
    do
    :: round < ROUNDS ->
      takeLock();
      changeBoth();
      freeLock();
      round++
    :: else -> break
    od;
    ended++
  } unless {
    /* Before any step, whether it sleeps or not. */
    atomic {
      !isSuccessor && dying == owner ->
      sleeps[owner] = false;
      run Worker(owner, true)
    }
  }
}

/* Picks who dies, and thereby when. It may also let all live. */
proctype Reaper() {
  if
  :: dying = 1
  :: dying = 2
#if THREADS > 2
  :: dying = 3
#endif
  :: skip
  fi
}

init {
  byte owner = 1;
  atomic {
    do
    :: owner <= THREADS -> run Worker(owner, false); owner++
    :: else -> break
    od;
    run Reaper()
  };
  /* A thread that dies once it is through needs a successor too, but cannot be told from one that lives. */
  ended == THREADS;
  assert(word == 0);
  assert(first == second);
  owner = 1;
  do
  :: owner <= THREADS ->
    assert(undoCount[owner] == 0 && !notesLock[owner] && !sleeps[owner]);
    owner++
  :: else -> break
  od
}
