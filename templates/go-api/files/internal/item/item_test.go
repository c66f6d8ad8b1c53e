package item

import (
	"errors"
	"strings"
	"sync"
	"testing"
)

// behaves is what every store has to do.
func behaves(t *testing.T, store Store) {
	t.Helper()
	ctx := t.Context()
	if err := store.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	first, err := store.Add(ctx, "  first ")
	if err != nil || first.Name != "first" {
		t.Fatalf("added %+v, %v", first, err)
	}
	second, err := store.Add(ctx, "second")
	if err != nil || second.ID <= first.ID {
		t.Fatalf("added %+v after %+v, %v", second, first, err)
	}
	if got, err := store.Get(ctx, first.ID); err != nil || got != first {
		t.Errorf("got %+v, %v", got, err)
	}
	items, err := store.List(ctx)
	if err != nil || len(items) != 2 || items[0] != first || items[1] != second {
		t.Errorf("listed %+v, %v", items, err)
	}
	if err := store.Delete(ctx, first.ID); err != nil {
		t.Error(err)
	}
	if _, err := store.Get(ctx, first.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("a deleted item: %v", err)
	}
	if err := store.Delete(ctx, first.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("deleted twice: %v", err)
	}
	for _, name := range []string{"", "  ", strings.Repeat("é", MaxName+1)} {
		if _, err := store.Add(ctx, name); !errors.Is(err, ErrName) {
			t.Errorf("the name %q: %v", name, err)
		}
	}
	if _, err := store.Add(ctx, strings.Repeat("é", MaxName)); err != nil {
		t.Error(err)
	}
}

func TestTheMemoryBehaves(t *testing.T) {
	behaves(t, NewMemory())
}

func TestManyCanAddAtATime(t *testing.T) {
	store := NewMemory()
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if _, err := store.Add(t.Context(), "one of many"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	items, err := store.List(t.Context())
	if err != nil || len(items) != 100 || items[99].ID != 100 {
		t.Errorf("%d items, %v", len(items), err)
	}
}
