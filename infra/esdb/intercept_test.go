package esdb

import (
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// intercept lets f answer calls of method, instead of handle or around it.
func intercept(method string, f func(ss grpc.ServerStream, handle func(grpc.ServerStream) error) error) []grpc.ServerOption {
	return []grpc.ServerOption{grpc.ChainStreamInterceptor(
		func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			handle := func(ss grpc.ServerStream) error { return handler(srv, ss) }
			if !strings.HasSuffix(info.FullMethod, "/"+method) {
				return handle(ss)
			}
			return f(ss, handle)
		})}
}

// A tapped stream shows what comes in and goes out.
type tapped struct {
	grpc.ServerStream
	in  func(m any) error
	out func(m any) error
}

func (s tapped) RecvMsg(m any) error {
	if err := s.ServerStream.RecvMsg(m); err != nil || s.in == nil {
		return err
	}
	return s.in(m)
}

func (s tapped) SendMsg(m any) error {
	if s.out != nil {
		if err := s.out(m); err != nil {
			return err
		}
	}
	return s.ServerStream.SendMsg(m)
}

// refusingPlaces is a server that was restored, and knows no place in $all by which
// it was asked before.
func refusingPlaces() []grpc.ServerOption {
	return intercept("Read", func(ss grpc.ServerStream, handle func(grpc.ServerStream) error) error {
		return handle(tapped{ServerStream: ss, in: func(m any) error {
			if req, ok := m.(*streams.ReadReq); ok && req.GetOptions().GetAll().GetPosition() != nil {
				return status.Error(codes.InvalidArgument, "no such place")
			}
			return nil
		}})
	})
}
