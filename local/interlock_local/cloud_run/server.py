"""Puts the API on a port, in the wire format that google-cloud-run speaks."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import grpc
from google.cloud import run_v2
from google.longrunning import operations_pb2

from interlock_local.cloud_run.request import RefusedError
from interlock_local.cloud_run.service import CloudRun

THREADS = 16
Call = Callable[[Any], Any]
if TYPE_CHECKING:  # generic for the checker only
    Handler = grpc.RpcMethodHandler[Any, Any]
    Handlers = grpc.GenericRpcHandler[Any, Any]


def bind(api: CloudRun, *, address: str) -> grpc.Server:
    """Returns a server that will answer once it is started; RuntimeError where the address is taken."""
    server = grpc.server(ThreadPoolExecutor(THREADS), options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers((_jobs(api), _executions(api), _operations(api)))
    server.add_insecure_port(address)
    return server


def _jobs(api: CloudRun) -> "Handlers":
    handlers = {
        "RunJob": _answer_operation(api.run_job, run_v2.RunJobRequest),
        "GetJob": _answer(api.get_job, run_v2.GetJobRequest, response=run_v2.Job),
        "ListJobs": _answer(api.list_jobs, run_v2.ListJobsRequest, response=run_v2.ListJobsResponse),
    }
    return grpc.method_handlers_generic_handler("google.cloud.run.v2.Jobs", handlers)


def _executions(api: CloudRun) -> "Handlers":
    handlers = {
        "GetExecution": _answer(api.get_execution, run_v2.GetExecutionRequest, response=run_v2.Execution),
        "ListExecutions": _answer(
            api.list_executions, run_v2.ListExecutionsRequest, response=run_v2.ListExecutionsResponse
        ),
        "CancelExecution": _answer_operation(api.cancel_execution, run_v2.CancelExecutionRequest),
        "DeleteExecution": _answer_operation(api.delete_execution, run_v2.DeleteExecutionRequest),
    }
    return grpc.method_handlers_generic_handler("google.cloud.run.v2.Executions", handlers)


def _operations(api: CloudRun) -> "Handlers":
    handler = grpc.unary_unary_rpc_method_handler(
        _guarded(api.get_operation),
        request_deserializer=operations_pb2.GetOperationRequest.FromString,
        response_serializer=operations_pb2.Operation.SerializeToString,
    )
    return grpc.method_handlers_generic_handler("google.longrunning.Operations", {"GetOperation": handler})


def _answer(call: Call, request: Any, *, response: Any) -> "Handler":
    return grpc.unary_unary_rpc_method_handler(
        _guarded(call), request_deserializer=request.deserialize, response_serializer=response.serialize
    )


def _answer_operation(call: Call, request: Any) -> "Handler":
    return grpc.unary_unary_rpc_method_handler(
        _guarded(call),
        request_deserializer=request.deserialize,
        response_serializer=operations_pb2.Operation.SerializeToString,
    )


def _guarded(call: Call) -> Callable[[Any, grpc.ServicerContext], Any]:
    def answer(request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return call(request)
        except RefusedError as refused:
            context.abort(refused.code, refused.message)

    return answer
