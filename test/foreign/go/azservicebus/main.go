// azservicebus against the Service Bus stand-in.
package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"dstream/test/foreign/checks"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azservicebus"
)

var (
	connection    = os.Getenv("FOREIGN_SERVICE_BUS")
	publishedName = os.Getenv("FOREIGN_PUBLISHED_NAME")
	noRetries     = azservicebus.RetryOptions{MaxRetries: -1}
	client        = newClient(connection, nil)
	queues        = 0
)

const wait = 5 * time.Second

func newClient(connection string, options *azservicebus.ClientOptions) *azservicebus.Client {
	if options == nil {
		options = &azservicebus.ClientOptions{}
	}
	options.RetryOptions = noRetries
	return checks.Must(azservicebus.NewClientFromConnectionString(connection, options))
}

// newQueue names a queue. It comes into being when somebody receives from it by its plain name.
func newQueue(ctx context.Context) string {
	queues++
	name := fmt.Sprintf("go-queue-%d", queues)
	receiver := receiverOf(name, nil)
	checks.Must(receiver.PeekMessages(ctx, 1, nil))
	checks.OK(receiver.Close(ctx))
	return name
}

func newSessionQueue(ctx context.Context) string {
	queues++
	name := fmt.Sprintf("go-queue-%d", queues)
	session := checks.Must(client.AcceptSessionForQueue(ctx, name, "first", nil))
	checks.OK(session.Close(ctx))
	return name
}

func receiverOf(queue string, options *azservicebus.ReceiverOptions) *azservicebus.Receiver {
	return checks.Must(client.NewReceiverForQueue(queue, options))
}

func send(ctx context.Context, queue string, session *string, bodies ...string) {
	sender := checks.Must(client.NewSender(queue, nil))
	defer sender.Close(ctx)
	for _, body := range bodies {
		checks.OK(sender.SendMessage(ctx, &azservicebus.Message{Body: []byte(body), SessionID: session}, nil))
	}
}

type receiving interface {
	ReceiveMessages(context.Context, int, *azservicebus.ReceiveMessagesOptions) ([]*azservicebus.ReceivedMessage, error)
}

func receive(ctx context.Context, receiver receiving, count int) []*azservicebus.ReceivedMessage {
	limited, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	var messages []*azservicebus.ReceivedMessage
	for len(messages) < count {
		messages = append(messages, checks.Must(receiver.ReceiveMessages(limited, count-len(messages), nil))...)
	}
	return messages
}

func bodies(messages []*azservicebus.ReceivedMessage) []string {
	texts := make([]string, len(messages))
	for i, message := range messages {
		texts[i] = string(message.Body)
	}
	return texts
}

func nothingLeft(ctx context.Context, queue string) {
	receiver := receiverOf(queue, nil)
	defer receiver.Close(ctx)
	checks.Equal(bodies(checks.Must(receiver.PeekMessages(ctx, 10, nil))), []string{})
}

func sendOne(ctx context.Context) {
	queue := newQueue(ctx)
	sender := checks.Must(client.NewSender(queue, nil))
	properties := map[string]any{"int": int64(1), "float": 1.5, "text": "grün", "flag": true, "bytes": []byte{0, 255}}
	checks.OK(sender.SendMessage(ctx, &azservicebus.Message{
		Body:                  []byte("\x00body"),
		MessageID:             to.Ptr("id-1"),
		Subject:               to.Ptr("a subject"),
		ContentType:           to.Ptr("application/json"),
		CorrelationID:         to.Ptr("c-1"),
		TimeToLive:            to.Ptr(5 * time.Minute),
		ApplicationProperties: properties,
	}, nil))
	receiver := receiverOf(queue, nil)
	got := receive(ctx, receiver, 1)[0]
	checks.Equal(string(got.Body), "\x00body")
	checks.Equal([]string{got.MessageID, *got.Subject, *got.ContentType, *got.CorrelationID}, []string{"id-1", "a subject", "application/json", "c-1"})
	checks.Equal(got.ApplicationProperties, properties)
	// The library counts the delivery itself.
	checks.Equal([]any{got.DeliveryCount, *got.TimeToLive, *got.SequenceNumber}, []any{uint32(1), 5 * time.Minute, int64(1)})
	checks.Equal(got.LockedUntil.After(time.Now()), true)
	checks.Equal(time.Since(*got.EnqueuedTime).Abs() < time.Minute, true)
	checks.OK(receiver.CompleteMessage(ctx, got, nil))
	nothingLeft(ctx, queue)
}

func sendBatch(ctx context.Context) {
	queue := newQueue(ctx)
	sender := checks.Must(client.NewSender(queue, nil))
	batch := checks.Must(sender.NewMessageBatch(ctx, nil))
	var wanted []string
	for n := range 100 {
		wanted = append(wanted, fmt.Sprint(n))
		checks.OK(batch.AddMessage(&azservicebus.Message{Body: []byte(wanted[n])}, nil))
	}
	checks.OK(sender.SendMessageBatch(ctx, batch, nil))
	receiver := receiverOf(queue, nil)
	messages := receive(ctx, receiver, 100)
	checks.Equal(bodies(messages), wanted)
	for _, message := range messages {
		checks.OK(receiver.CompleteMessage(ctx, message, nil))
	}
	nothingLeft(ctx, queue)
}

func receiveAndDelete(ctx context.Context) {
	queue := newQueue(ctx)
	send(ctx, queue, nil, "gone")
	receiver := receiverOf(queue, &azservicebus.ReceiverOptions{ReceiveMode: azservicebus.ReceiveModeReceiveAndDelete})
	checks.Equal(bodies(receive(ctx, receiver, 1)), []string{"gone"})
	nothingLeft(ctx, queue)
}

func abandon(ctx context.Context) {
	queue := newQueue(ctx)
	send(ctx, queue, nil, "again")
	receiver := receiverOf(queue, nil)
	tried := map[string]any{"tried": int64(1)}
	checks.OK(receiver.AbandonMessage(ctx, receive(ctx, receiver, 1)[0], &azservicebus.AbandonMessageOptions{PropertiesToModify: tried}))
	again := receive(ctx, receiver, 1)[0]
	checks.Equal([]any{string(again.Body), again.DeliveryCount, fmt.Sprint(again.ApplicationProperties)}, []any{"again", uint32(2), fmt.Sprint(tried)})
	checks.OK(receiver.CompleteMessage(ctx, again, nil))
	nothingLeft(ctx, queue)
}

func deferral(ctx context.Context) {
	queue := newQueue(ctx)
	send(ctx, queue, nil, "later", "last")
	receiver := receiverOf(queue, nil)
	messages := receive(ctx, receiver, 2)
	checks.OK(receiver.DeferMessage(ctx, messages[0], nil))
	checks.OK(receiver.CompleteMessage(ctx, messages[1], nil))
	deferred := checks.Must(receiver.ReceiveDeferredMessages(ctx, []int64{*messages[0].SequenceNumber}, nil))
	checks.Equal(bodies(deferred), []string{"later"})
	checks.OK(receiver.CompleteMessage(ctx, deferred[0], nil))
	nothingLeft(ctx, queue)
}

func deadLetter(ctx context.Context) {
	queue := newQueue(ctx)
	send(ctx, queue, nil, "poison")
	receiver := receiverOf(queue, nil)
	options := &azservicebus.DeadLetterOptions{Reason: to.Ptr("bad"), ErrorDescription: to.Ptr("really bad")}
	checks.OK(receiver.DeadLetterMessage(ctx, receive(ctx, receiver, 1)[0], options))
	nothingLeft(ctx, queue)
	dead := receiverOf(queue, &azservicebus.ReceiverOptions{SubQueue: azservicebus.SubQueueDeadLetter})
	message := receive(ctx, dead, 1)[0]
	checks.Equal([]string{string(message.Body), *message.DeadLetterReason, *message.DeadLetterErrorDescription}, []string{"poison", "bad", "really bad"})
	checks.OK(dead.CompleteMessage(ctx, message, nil))
}

func renewLock(ctx context.Context) {
	queue := newQueue(ctx)
	send(ctx, queue, nil, "held")
	receiver := receiverOf(queue, nil)
	message := receive(ctx, receiver, 1)[0]
	before := *message.LockedUntil
	checks.OK(receiver.RenewMessageLock(ctx, message, nil))
	checks.Equal(message.LockedUntil.Before(before), false)
	checks.OK(receiver.CompleteMessage(ctx, message, nil))
}

func schedule(ctx context.Context) {
	queue := newQueue(ctx)
	sender := checks.Must(client.NewSender(queue, nil))
	receiver := receiverOf(queue, nil)
	message := func(body string) *azservicebus.Message { return &azservicebus.Message{Body: []byte(body)} }
	soon := time.Now().Add(2 * time.Second)
	checks.Must(sender.ScheduleMessages(ctx, []*azservicebus.Message{message("soon")}, soon, nil))
	never := []*azservicebus.Message{message("never"), message("never")}
	cancelled := checks.Must(sender.ScheduleMessages(ctx, never, time.Now().Add(time.Hour), nil))
	first := &azservicebus.PeekMessagesOptions{FromSequenceNumber: to.Ptr(int64(1))}
	checks.Equal(bodies(checks.Must(receiver.PeekMessages(ctx, 10, first))), []string{"soon", "never", "never"})
	checks.OK(sender.CancelScheduledMessages(ctx, cancelled, nil))
	checks.Equal(bodies(checks.Must(receiver.PeekMessages(ctx, 10, first))), []string{"soon"})
	got := receive(ctx, receiver, 1)
	checks.Equal([]any{bodies(got), time.Now().Before(soon.Add(-100 * time.Millisecond))}, []any{[]string{"soon"}, false})
	checks.OK(receiver.CompleteMessage(ctx, got[0], nil))
}

func peek(ctx context.Context) {
	queue := newQueue(ctx)
	send(ctx, queue, nil, "0", "1", "2", "3", "4")
	receiver := receiverOf(queue, nil)
	checks.Equal(bodies(checks.Must(receiver.PeekMessages(ctx, 3, nil))), []string{"0", "1", "2"})
	from := &azservicebus.PeekMessagesOptions{FromSequenceNumber: to.Ptr(int64(4))}
	checks.Equal(bodies(checks.Must(receiver.PeekMessages(ctx, 10, from))), []string{"3", "4"})
}

func sessions(ctx context.Context) {
	queue := newSessionQueue(ctx)
	send(ctx, queue, to.Ptr("a"), "a1", "a2")
	send(ctx, queue, to.Ptr("b"), "b1")
	named := checks.Must(client.AcceptSessionForQueue(ctx, queue, "b", nil))
	checks.Equal(named.SessionID(), "b")
	message := receive(ctx, named, 1)[0]
	checks.Equal([]string{string(message.Body), *message.SessionID}, []string{"b1", "b"})
	checks.OK(named.SetSessionState(ctx, []byte("half way"), nil))
	checks.Equal(string(checks.Must(named.GetSessionState(ctx, nil))), "half way")
	checks.OK(named.RenewSessionLock(ctx, nil))
	checks.Equal(named.LockedUntil().After(time.Now()), true)
	checks.OK(named.CompleteMessage(ctx, message, nil))
	checks.OK(named.Close(ctx))
	next := checks.Must(client.AcceptNextSessionForQueue(ctx, queue, nil))
	checks.Equal(next.SessionID(), "a")
	for _, message := range receive(ctx, next, 2) {
		checks.OK(next.CompleteMessage(ctx, message, nil))
	}
	checks.OK(next.Close(ctx))
	again := checks.Must(client.AcceptSessionForQueue(ctx, queue, "b", nil))
	checks.Equal(string(checks.Must(again.GetSessionState(ctx, nil))), "half way")
	checks.OK(again.Close(ctx))
}

func listSessions(ctx context.Context) {
	queue := newSessionQueue(ctx)
	send(ctx, queue, to.Ptr("a"), "a1")
	send(ctx, queue, to.Ptr("b"), "b1")
	page := checks.Must(client.NewListSessionsForQueuePager(queue, nil).NextPage(ctx))
	checks.Equal(page.Sessions, []string{"a", "b"})
}

func takenSession(ctx context.Context) {
	queue := newSessionQueue(ctx)
	holder := checks.Must(client.AcceptSessionForQueue(ctx, queue, "a", nil))
	defer holder.Close(ctx)
	_, err := client.AcceptSessionForQueue(ctx, queue, "a", nil)
	checks.Refused(err, "session-cannot-be-locked")
}

func topic(ctx context.Context) {
	name := "go-topic"
	var receivers []*azservicebus.Receiver
	for _, subscription := range []string{"one", "two"} {
		receiver := checks.Must(client.NewReceiverForSubscription(name, subscription, nil))
		checks.Must(receiver.PeekMessages(ctx, 1, nil))
		receivers = append(receivers, receiver)
	}
	send(ctx, name, nil, "both")
	for _, receiver := range receivers {
		messages := receive(ctx, receiver, 1)
		checks.Equal(bodies(messages), []string{"both"})
		checks.OK(receiver.CompleteMessage(ctx, messages[0], nil))
	}
}

func tooLarge(ctx context.Context) {
	queue := newQueue(ctx)
	sender := checks.Must(client.NewSender(queue, nil))
	err := sender.SendMessage(ctx, &azservicebus.Message{Body: bytes.Repeat([]byte("x"), 300_000)}, nil)
	checks.Refused(err, azservicebus.ErrMessageTooLarge.Error(), "message-size-exceeded")
	checks.OK(sender.SendMessage(ctx, &azservicebus.Message{Body: []byte("small")}, nil))
	checks.Equal(bodies(receive(ctx, receiverOf(queue, nil), 1)), []string{"small"})
}

func wrongKey(ctx context.Context) {
	wrong := newClient(strings.Replace(connection, "SharedAccessKey=", "SharedAccessKey=AAAA", 1), nil)
	defer wrong.Close(ctx)
	sender := checks.Must(wrong.NewSender("any", nil))
	checks.Refused(sender.SendMessage(ctx, &azservicebus.Message{Body: []byte("no")}, nil), "unauthorized", "InvalidSignature")
}

func over(ctx context.Context, other *azservicebus.Client) {
	defer other.Close(ctx)
	queue := newQueue(ctx)
	sender := checks.Must(other.NewSender(queue, nil))
	checks.OK(sender.SendMessage(ctx, &azservicebus.Message{Body: bytes.Repeat([]byte("x"), 200_000)}, nil))
	receiver := checks.Must(other.NewReceiverForQueue(queue, nil))
	message := receive(ctx, receiver, 1)[0]
	checks.Equal(len(message.Body), 200_000)
	checks.OK(receiver.CompleteMessage(ctx, message, nil))
}

func webSockets(ctx context.Context) {
	dial := func(ctx context.Context, _ azservicebus.NewWebSocketConnArgs) (net.Conn, error) {
		return checks.DialWebSocket(ctx, checks.Port(connection))
	}
	over(ctx, newClient(connection, &azservicebus.ClientOptions{NewWebSocketConn: dial}))
}

func overTLS(ctx context.Context) {
	options := &azservicebus.ClientOptions{TLSConfig: checks.TLSConfig()}
	over(ctx, newClient(checks.WithoutEmulator(connection), options))
}

func published(ctx context.Context) {
	expected := checks.Group(checks.Published(), checks.Table)
	arrived := map[string][]checks.Event{}
	for range expected {
		session := checks.Must(client.AcceptNextSessionForSubscription(ctx, publishedName, "dstream", nil))
		checks.Equal(session.SessionID() != "", true)
		for first := ""; first == "" || len(arrived[first]) < len(expected[first]); {
			for _, message := range receive(ctx, session, 1) {
				event := checks.Decode(message.Body)
				first = checks.Table(event)
				arrived[first] = append(arrived[first], event)
				checks.OK(session.CompleteMessage(ctx, message, nil))
			}
		}
		checks.OK(session.Close(ctx))
	}
	checks.Equal(arrived, expected)
}

func main() {
	checks.Run([]checks.Check{
		{Name: "send, receive and complete", Run: sendOne},
		{Name: "a batch keeps its order", Run: sendBatch},
		{Name: "receive and delete", Run: receiveAndDelete},
		{Name: "abandon, with a property", Run: abandon},
		{Name: "defer and receive deferred", Run: deferral},
		{Name: "dead-letter, with reason and description", Run: deadLetter},
		{Name: "renew a lock", Run: renewLock},
		{Name: "schedule and cancel", Run: schedule},
		{Name: "peek", Run: peek},
		{Name: "sessions, named and next, with state", Run: sessions},
		{Name: "list sessions", Run: listSessions},
		{Name: "a session that another receiver holds", Run: takenSession},
		{Name: "topic to subscriptions", Run: topic},
		{Name: "a message that is too large", Run: tooLarge},
		{Name: "a wrong key", Run: wrongKey},
		{Name: "WebSockets", Run: webSockets},
		{Name: "TLS", Run: overTLS},
		{Name: "what dstream published", Run: published},
	})
}
