// Package checks prints the lines that the runner reads: one for each check, whatever becomes of it (see ../../program.ts).
package checks

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// Check is something that a client must be able to do.
type Check struct {
	Name string
	Run  func(ctx context.Context)
}

type failure struct{ text string }

// Run runs all checks, each with half a minute.
func Run(all []Check) {
	for _, check := range all {
		if why := run(check); why == "" {
			fmt.Printf("ok %s\n", check.Name)
		} else {
			fmt.Printf("not ok %s: %s\n", check.Name, strings.ReplaceAll(why, "\n", " "))
		}
	}
}

func run(check Check) (why string) {
	defer func() {
		if got := recover(); got != nil {
			if failed, ok := got.(failure); ok {
				why = failed.text
				return
			}
			panic(got)
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	check.Run(ctx)
	return ""
}

// Fail ends the check.
func Fail(format string, args ...any) {
	panic(failure{fmt.Sprintf(format, args...)})
}

// Must gives the value, or ends the check.
func Must[T any](value T, err error) T {
	OK(err)
	return value
}

// OK ends the check when there is an error.
func OK(err error) {
	if err != nil {
		Fail("%v", err)
	}
}

// Equal ends the check when the two differ.
func Equal(actual, expected any) {
	if !reflect.DeepEqual(actual, expected) {
		Fail("expected %v, got %v", expected, actual)
	}
}

// Refused ends the check unless there is an error whose text holds one of these.
func Refused(err error, holding ...string) {
	if err == nil {
		Fail("no error, expected one of %q", holding)
	}
	for _, text := range holding {
		if strings.Contains(err.Error(), text) {
			return
		}
	}
	Fail("expected one of %q in: %v", holding, err)
}

// Event is a change as dstream publishes it.
type Event = map[string]any

// Published are the changes that dstream published, in the order in which it did.
func Published() []Event {
	var events []Event
	for _, line := range strings.Split(string(Must(os.ReadFile(os.Getenv("FOREIGN_PUBLISHED")))), "\n") {
		if line != "" {
			events = append(events, Decode([]byte(line)))
		}
	}
	return events
}

// Decode reads an event without rounding its numbers.
func Decode(body []byte) Event {
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.UseNumber()
	event := Event{}
	OK(decoder.Decode(&event))
	return event
}

// Table and Row name what an event is of.
func Table(event Event) string {
	return event["metadata"].(Event)["table"].(string)
}

func Row(event Event) string {
	return fmt.Sprint(Table(event), event["metadata"].(Event)["key"])
}

// Group keeps the order of the events of one name.
func Group(events []Event, name func(Event) string) map[string][]Event {
	groups := map[string][]Event{}
	for _, event := range events {
		groups[name(event)] = append(groups[name(event)], event)
	}
	return groups
}

// TLSConfig trusts the certificate of the stand-ins. Without a name the libraries would look for one with the port in it.
func TLSConfig() *tls.Config {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(Must(os.ReadFile(os.Getenv("FOREIGN_CERTIFICATE"))))
	return &tls.Config{RootCAs: roots, ServerName: "localhost"}
}

// WithoutEmulator is what a connection string says for the service itself: TLS.
func WithoutEmulator(connection string) string {
	return strings.Replace(connection, "UseDevelopmentEmulator=true;", "", 1)
}

// Port of a connection string.
func Port(connection string) string {
	_, after, _ := strings.Cut(connection, "Endpoint=sb://localhost:")
	port, _, _ := strings.Cut(after, ";")
	return port
}

// DialWebSocket connects as the examples of both libraries do, without TLS and to the port of the stand-in.
func DialWebSocket(ctx context.Context, port string) (net.Conn, error) {
	url := "ws://localhost:" + port + "/$servicebus/websocket"
	conn, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{Subprotocols: []string{"amqp"}})
	if err != nil {
		return nil, err
	}
	return websocket.NetConn(context.Background(), conn, websocket.MessageBinary), nil
}
