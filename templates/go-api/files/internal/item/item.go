// Package item is the example of this project: named things that are kept.
package item

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// MaxName is the most characters of a name.
const MaxName = 100

var (
	// ErrNotFound says that there is no such item.
	ErrNotFound = errors.New("there is no such item")
	// ErrName says that a name cannot be one.
	ErrName = errors.New("a name has 1 to 100 characters")
)

// Item is one named thing.
type Item struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// Store keeps items; it is safe for use by many at a time.
type Store interface {
	// Ready says whether it can be used now.
	Ready(ctx context.Context) error
	// List is all items, by id.
	List(ctx context.Context) ([]Item, error)
	// Get is one item, or ErrNotFound.
	Get(ctx context.Context, id int64) (Item, error)
	// Add keeps a new item, or says ErrName.
	Add(ctx context.Context, name string) (Item, error)
	// Delete forgets an item, or says ErrNotFound.
	Delete(ctx context.Context, id int64) error
}

// CleanName is the name without the spaces around it, or ErrName.
func CleanName(name string) (string, error) {
	name = strings.TrimSpace(name)
	if name == "" || utf8.RuneCountInString(name) > MaxName {
		return "", ErrName
	}
	return name, nil
}

// Memory keeps items until the program ends.
type Memory struct {
	mu    sync.RWMutex
	last  int64
	items map[int64]Item
}

// NewMemory is an empty store.
func NewMemory() *Memory {
	return &Memory{items: map[int64]Item{}}
}

// Ready is always true.
func (m *Memory) Ready(context.Context) error { return nil }

// List is all items, by id.
func (m *Memory) List(context.Context) ([]Item, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	items := make([]Item, 0, len(m.items))
	for _, item := range m.items {
		items = append(items, item)
	}
	slices.SortFunc(items, func(a, b Item) int { return cmp.Compare(a.ID, b.ID) })
	return items, nil
}

// Get is one item, or ErrNotFound.
func (m *Memory) Get(_ context.Context, id int64) (Item, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	item, found := m.items[id]
	if !found {
		return Item{}, ErrNotFound
	}
	return item, nil
}

// Add keeps a new item, or says ErrName.
func (m *Memory) Add(_ context.Context, name string) (Item, error) {
	name, err := CleanName(name)
	if err != nil {
		return Item{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last++
	item := Item{ID: m.last, Name: name}
	m.items[item.ID] = item
	return item, nil
}

// Delete forgets an item, or says ErrNotFound.
func (m *Memory) Delete(_ context.Context, id int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, found := m.items[id]; !found {
		return ErrNotFound
	}
	delete(m.items, id)
	return nil
}
