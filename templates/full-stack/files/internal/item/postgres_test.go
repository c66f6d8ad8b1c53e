package item

import (
	"os"
	"testing"
)

func TestPostgresBehaves(t *testing.T) {
	url := os.Getenv("TEST_DATABASE_URL")
	if url == "" {
		t.Skip("TEST_DATABASE_URL is not set")
	}
	store, err := OpenPostgres(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if _, err := store.db.ExecContext(t.Context(), `TRUNCATE items`); err != nil {
		t.Fatal(err)
	}
	behaves(t, store)
}
