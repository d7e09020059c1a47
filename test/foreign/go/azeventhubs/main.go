// azeventhubs against the Event Hubs stand-in.
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
	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2"
)

var (
	connection    = os.Getenv("FOREIGN_EVENT_HUBS")
	publishedName = os.Getenv("FOREIGN_PUBLISHED_NAME")
	noRetries     = azeventhubs.RetryOptions{MaxRetries: -1}
	hubs          = 0
)

const wait = 10 * time.Second

func newHub() string {
	hubs++
	return fmt.Sprintf("go-hub-%d", hubs)
}

func producerOf(hub string) *azeventhubs.ProducerClient {
	return checks.Must(azeventhubs.NewProducerClientFromConnectionString(connection, hub, &azeventhubs.ProducerClientOptions{RetryOptions: noRetries}))
}

func consumerOf(hub string) *azeventhubs.ConsumerClient {
	options := &azeventhubs.ConsumerClientOptions{RetryOptions: noRetries}
	return checks.Must(azeventhubs.NewConsumerClientFromConnectionString(connection, hub, azeventhubs.DefaultConsumerGroup, options))
}

func sendTo(ctx context.Context, producer *azeventhubs.ProducerClient, options *azeventhubs.EventDataBatchOptions, bodies ...string) {
	batch := checks.Must(producer.NewEventDataBatch(ctx, options))
	for _, body := range bodies {
		checks.OK(batch.AddEventData(&azeventhubs.EventData{Body: []byte(body)}, nil))
	}
	checks.OK(producer.SendEventDataBatch(ctx, batch, nil))
}

func send(ctx context.Context, hub string, options *azeventhubs.EventDataBatchOptions, bodies ...string) {
	producer := producerOf(hub)
	defer producer.Close(ctx)
	sendTo(ctx, producer, options, bodies...)
}

func partition(id string) *azeventhubs.EventDataBatchOptions {
	return &azeventhubs.EventDataBatchOptions{PartitionID: to.Ptr(id)}
}

func receiveFrom(ctx context.Context, client *azeventhubs.PartitionClient, count int) []*azeventhubs.ReceivedEventData {
	limited, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	events := checks.Must(client.ReceiveEvents(limited, count, nil))
	checks.Equal(len(events), count)
	return events
}

func receive(ctx context.Context, hub, partition string, count int, from azeventhubs.StartPosition) []*azeventhubs.ReceivedEventData {
	consumer := consumerOf(hub)
	defer consumer.Close(ctx)
	client := checks.Must(consumer.NewPartitionClient(partition, &azeventhubs.PartitionClientOptions{StartPosition: from}))
	defer client.Close(ctx)
	return receiveFrom(ctx, client, count)
}

func bodies(events []*azeventhubs.ReceivedEventData) []string {
	texts := make([]string, len(events))
	for i, event := range events {
		texts[i] = string(event.Body)
	}
	return texts
}

var earliest = azeventhubs.StartPosition{Earliest: to.Ptr(true)}

func properties(ctx context.Context) {
	hub := newHub()
	producer := producerOf(hub)
	defer producer.Close(ctx)
	read := checks.Must(producer.GetEventHubProperties(ctx, nil))
	checks.Equal([]any{read.Name, read.PartitionIDs}, []any{hub, []string{"0", "1", "2", "3"}})
	checks.Equal(time.Since(read.CreatedOn).Abs() < time.Minute, true)
	empty := checks.Must(producer.GetPartitionProperties(ctx, "1", nil))
	checks.Equal([]any{empty.IsEmpty, empty.LastEnqueuedSequenceNumber}, []any{true, int64(-1)})
	send(ctx, hub, partition("1"), "a", "b")
	filled := checks.Must(producer.GetPartitionProperties(ctx, "1", nil))
	checks.Equal([]any{filled.IsEmpty, filled.BeginningSequenceNumber, filled.LastEnqueuedSequenceNumber}, []any{false, int64(0), int64(1)})
	checks.Equal(time.Since(filled.LastEnqueuedOn).Abs() < time.Minute, true)
}

func sendAndReceive(ctx context.Context) {
	hub := newHub()
	producer := producerOf(hub)
	defer producer.Close(ctx)
	batch := checks.Must(producer.NewEventDataBatch(ctx, partition("2")))
	written := map[string]any{"int": int64(1), "text": "x", "flag": true}
	checks.OK(batch.AddEventData(&azeventhubs.EventData{
		Body: []byte("grün"), MessageID: to.Ptr("id-1"), ContentType: to.Ptr("application/json"), Properties: written,
	}, nil))
	checks.OK(producer.SendEventDataBatch(ctx, batch, nil))
	got := receive(ctx, hub, "2", 1, earliest)[0]
	checks.Equal([]string{string(got.Body), *got.MessageID, *got.ContentType}, []string{"grün", "id-1", "application/json"})
	checks.Equal([]any{got.Properties, got.SequenceNumber}, []any{written, int64(0)})
	checks.Equal(time.Since(*got.EnqueuedTime).Abs() < time.Minute, true)
}

func batchByKey(ctx context.Context) {
	hub := newHub()
	var wanted []string
	for n := range 200 {
		wanted = append(wanted, fmt.Sprint(n))
	}
	send(ctx, hub, &azeventhubs.EventDataBatchOptions{PartitionKey: to.Ptr("a key")}, wanted...)
	producer := producerOf(hub)
	defer producer.Close(ctx)
	found := ""
	for _, id := range []string{"0", "1", "2", "3"} {
		if !checks.Must(producer.GetPartitionProperties(ctx, id, nil)).IsEmpty {
			found += id
		}
	}
	events := receive(ctx, hub, found, 200, earliest)
	checks.Equal(bodies(events), wanted)
	checks.Equal(*events[199].PartitionKey, "a key")
}

func fromLatest(ctx context.Context) {
	hub := newHub()
	send(ctx, hub, partition("0"), "before")
	consumer := consumerOf(hub)
	defer consumer.Close(ctx)
	latest := azeventhubs.StartPosition{Latest: to.Ptr(true)}
	client := checks.Must(consumer.NewPartitionClient("0", &azeventhubs.PartitionClientOptions{StartPosition: latest}))
	defer client.Close(ctx)
	// The link is attached by the first receive, which finds nothing.
	short, cancel := context.WithTimeout(ctx, time.Second)
	_, err := client.ReceiveEvents(short, 1, nil)
	cancel()
	checks.Refused(err, context.DeadlineExceeded.Error())
	send(ctx, hub, partition("0"), "after")
	checks.Equal(bodies(receiveFrom(ctx, client, 1)), []string{"after"})
}

func fromPositions(ctx context.Context) {
	hub := newHub()
	send(ctx, hub, partition("0"), "0", "1", "2", "3")
	events := receive(ctx, hub, "0", 4, earliest)
	checks.Equal(bodies(events), []string{"0", "1", "2", "3"})
	offset := to.Ptr(events[1].Offset)
	checks.Equal(bodies(receive(ctx, hub, "0", 2, azeventhubs.StartPosition{Offset: offset})), []string{"2", "3"})
	checks.Equal(bodies(receive(ctx, hub, "0", 3, azeventhubs.StartPosition{Offset: offset, Inclusive: true})), []string{"1", "2", "3"})
	checks.Equal(bodies(receive(ctx, hub, "0", 1, azeventhubs.StartPosition{SequenceNumber: to.Ptr(int64(2))})), []string{"3"})
	earlier := to.Ptr(time.Now().Add(-time.Minute))
	checks.Equal(bodies(receive(ctx, hub, "0", 4, azeventhubs.StartPosition{EnqueuedTime: earlier})), []string{"0", "1", "2", "3"})
}

func ownerLevel(ctx context.Context) {
	hub := newHub()
	send(ctx, hub, partition("0"), "0")
	consumer := consumerOf(hub)
	defer consumer.Close(ctx)
	open := func(level int64) *azeventhubs.PartitionClient {
		options := &azeventhubs.PartitionClientOptions{StartPosition: earliest, OwnerLevel: to.Ptr(level)}
		return checks.Must(consumer.NewPartitionClient("0", options))
	}
	first, second := open(1), open(2)
	checks.Equal(bodies(receiveFrom(ctx, first, 1)), []string{"0"})
	checks.Equal(bodies(receiveFrom(ctx, second, 1)), []string{"0"})
	_, err := first.ReceiveEvents(ctx, 1, nil)
	checks.Refused(err, "ownership was lost", "ownershiplost", "link:stolen")
}

func tooLarge(ctx context.Context) {
	producer := producerOf(newHub())
	defer producer.Close(ctx)
	batch := checks.Must(producer.NewEventDataBatch(ctx, nil))
	large := &azeventhubs.EventData{Body: bytes.Repeat([]byte("x"), 1_100_000)}
	checks.Refused(batch.AddEventData(large, nil), azeventhubs.ErrEventDataTooLarge.Error())
	sendTo(ctx, producer, nil, "small")
}

func unknownPartition(ctx context.Context) {
	producer := producerOf(newHub())
	defer producer.Close(ctx)
	_, err := producer.NewEventDataBatch(ctx, partition("9"))
	checks.Refused(err, "argument-out-of-range")
}

func wrongKey(ctx context.Context) {
	wrong := strings.Replace(connection, "SharedAccessKey=", "SharedAccessKey=AAAA", 1)
	producer := checks.Must(azeventhubs.NewProducerClientFromConnectionString(wrong, "any", &azeventhubs.ProducerClientOptions{RetryOptions: noRetries}))
	defer producer.Close(ctx)
	_, err := producer.NewEventDataBatch(ctx, nil)
	checks.Refused(err, "unauthorized", "InvalidSignature")
	_, err = producer.GetEventHubProperties(ctx, nil)
	checks.Refused(err, "unauthorized", "InvalidSignature", "401")
}

func over(ctx context.Context, connection string, options *azeventhubs.ProducerClientOptions) {
	hub := newHub()
	options.RetryOptions = noRetries
	producer := checks.Must(azeventhubs.NewProducerClientFromConnectionString(connection, hub, options))
	defer producer.Close(ctx)
	checks.Equal(len(checks.Must(producer.GetEventHubProperties(ctx, nil)).PartitionIDs), 4)
	sendTo(ctx, producer, partition("0"), strings.Repeat("x", 200_000))
	checks.Equal(len(receive(ctx, hub, "0", 1, earliest)[0].Body), 200_000)
}

func webSockets(ctx context.Context) {
	over(ctx, connection, &azeventhubs.ProducerClientOptions{
		NewWebSocketConn: func(ctx context.Context, _ azeventhubs.WebSocketConnParams) (net.Conn, error) {
			return checks.DialWebSocket(ctx, checks.Port(connection))
		},
	})
}

func overTLS(ctx context.Context) {
	over(ctx, checks.WithoutEmulator(connection), &azeventhubs.ProducerClientOptions{TLSConfig: checks.TLSConfig()})
}

func published(ctx context.Context) {
	expected := checks.Published()
	producer := producerOf(publishedName)
	defer producer.Close(ctx)
	var arrived []checks.Event
	for _, id := range []string{"0", "1", "2", "3"} {
		held := checks.Must(producer.GetPartitionProperties(ctx, id, nil))
		if held.IsEmpty {
			continue
		}
		count := int(held.LastEnqueuedSequenceNumber - held.BeginningSequenceNumber + 1)
		for _, event := range receive(ctx, publishedName, id, count, earliest) {
			arrived = append(arrived, checks.Decode(event.Body))
		}
	}
	checks.Equal(len(arrived), len(expected))
	checks.Equal(checks.Group(arrived, checks.Row), checks.Group(expected, checks.Row))
}

func main() {
	checks.Run([]checks.Check{
		{Name: "properties of a hub and its partitions", Run: properties},
		{Name: "send and receive", Run: sendAndReceive},
		{Name: "a batch with a key keeps its order", Run: batchByKey},
		{Name: "receive from the end", Run: fromLatest},
		{Name: "receive from offset, sequence number and time", Run: fromPositions},
		{Name: "a higher owner level takes over", Run: ownerLevel},
		{Name: "an event that is too large", Run: tooLarge},
		{Name: "an unknown partition", Run: unknownPartition},
		{Name: "a wrong key", Run: wrongKey},
		{Name: "WebSockets", Run: webSockets},
		{Name: "TLS", Run: overTLS},
		{Name: "what dstream published", Run: published},
	})
}
