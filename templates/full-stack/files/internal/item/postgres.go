package item

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	_ "github.com/lib/pq" // the driver that is called postgres
)

// schema is made when it is not there. From the second version on, take a tool for migrations.
const schema = `CREATE TABLE IF NOT EXISTS items (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text NOT NULL
)`

// Postgres keeps items in a database.
type Postgres struct {
	db *sql.DB
}

// OpenPostgres connects to a database and makes what is missing there.
func OpenPostgres(ctx context.Context, url string) (*Postgres, error) {
	db, err := sql.Open("postgres", url)
	if err != nil {
		return nil, fmt.Errorf("DATABASE_URL: %w", err)
	}
	db.SetMaxOpenConns(10)
	db.SetConnMaxIdleTime(5 * time.Minute)
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return nil, errors.Join(fmt.Errorf("database: %w", err), db.Close())
	}
	return &Postgres{db: db}, nil
}

// Close ends all connections.
func (p *Postgres) Close() { _ = p.db.Close() }

// Ready says whether the database answers.
func (p *Postgres) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	return p.db.PingContext(ctx)
}

// List is all items, by id.
func (p *Postgres) List(ctx context.Context) ([]Item, error) {
	rows, err := p.db.QueryContext(ctx, `SELECT id, name FROM items ORDER BY id`)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	items := []Item{}
	for rows.Next() {
		var item Item
		if err := rows.Scan(&item.ID, &item.Name); err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, rows.Err()
}

// Get is one item, or ErrNotFound.
func (p *Postgres) Get(ctx context.Context, id int64) (Item, error) {
	item := Item{ID: id}
	err := p.db.QueryRowContext(ctx, `SELECT name FROM items WHERE id = $1`, id).Scan(&item.Name)
	if errors.Is(err, sql.ErrNoRows) {
		return Item{}, ErrNotFound
	}
	return item, err
}

// Add keeps a new item, or says ErrName.
func (p *Postgres) Add(ctx context.Context, name string) (Item, error) {
	name, err := CleanName(name)
	if err != nil {
		return Item{}, err
	}
	item := Item{Name: name}
	err = p.db.QueryRowContext(ctx, `INSERT INTO items (name) VALUES ($1) RETURNING id`, name).Scan(&item.ID)
	return item, err
}

// Delete forgets an item, or says ErrNotFound.
func (p *Postgres) Delete(ctx context.Context, id int64) error {
	done, err := p.db.ExecContext(ctx, `DELETE FROM items WHERE id = $1`, id)
	if err != nil {
		return err
	}
	if gone, err := done.RowsAffected(); err != nil || gone > 0 {
		return err
	}
	return ErrNotFound
}
